import type { Auth } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { TrackedAccount } from '../src/account';
import type { AccountType, Platform } from '../src/job';
import { TrackingJobsPanel } from '../src/panel/TrackingJobsPanel';
import { removeAccount, TrackingJobService } from '../src/service';
import { AccountList } from './AccountList';
import { AccountPage } from './account/AccountPage';
import { type AccountView, WHOLE } from './accountView';
import { ComparePage } from './compare/ComparePage';
import type { Sample } from './config';
import { isBusy, isKnown, whyKnownBy } from './matching';
import { NewsPages } from './news/NewsPages';
import { useNoteSeen } from './news/useNoteSeen';
import { DEFAULT_RANGE, MOST_COMPARED, type Route, useRoute } from './route';
import { Samples } from './Samples';
import { Skeleton } from './Skeleton';
import { TrackForm } from './TrackForm';
import { useAccount, useAccounts } from './useAccounts';
import { useOpenJobs } from './useOpenJobs';
import { usePageTitle } from './usePageTitle';
import { askedWaitOf, useRefreshWaits, waitOf } from './useRefreshWaits';

/** The list searches, sorts and adds up what is loaded, so all are loaded; each is one read, which Firestore charges. */
const MOST_ACCOUNTS = 5_000;

const ARRIVAL_MS = 3_000; // a little longer than the animation of list.css
const TITLES: Readonly<Partial<Record<Route['page'], string>>> = {
  compare: 'Comparison',
  notifications: 'Mail',
  webhooks: 'Webhooks',
};
const NO_ACCOUNTS: readonly TrackedAccount[] = [];

interface WorkspaceProps {
  auth: Auth;
  firestore: Firestore;
  triggerUrl: string;
  newsUrl: string;
  userId: string;
  orgId: string;
  projectId: string;
  samples: readonly Sample[];
}

/** The pages of one project: its accounts, and one of them. */
export function Workspace({ auth, firestore, triggerUrl, newsUrl, userId, orgId, projectId, samples }: WorkspaceProps) {
  const service = useMemo(
    () => new TrackingJobService({ firestore, auth, triggerUrl, orgId }),
    [firestore, auth, triggerUrl, orgId],
  );
  const source = useMemo(() => ({ firestore, auth, newsUrl }), [firestore, auth, newsUrl]);
  const scope = { orgId, projectId };
  const accounts = useAccounts(source, scope, MOST_ACCOUNTS);
  const [route, navigate] = useRoute();
  const [arrivedId, setArrivedId] = useArrival();
  const [chosenIds, setChosenIds] = useState<readonly string[]>([]);

  const items = accounts.status === 'ready' ? accounts.items : NO_ACCOUNTS;
  const openedId = route.page === 'account' ? route.id : null;
  const found = useAccount(source, scope, openedId); // the list may not reach back to this account
  const opened = items.find(({ id }) => id === openedId) ?? found;
  const isRefused = opened === null && accounts.status === 'failed'; // the list says why
  const isList = route.page === 'accounts' || (route.page === 'account' && isRefused);
  const jobs = useOpenJobs(service, scope);
  const waits = useRefreshWaits(source, orgId);
  const whyKnown = useMemo(() => whyKnownBy(items, jobs), [items, jobs]);
  useNoteSeen(source, orgId);
  usePageTitle(TITLES[route.page] ?? opened?.displayName, jobs.length);
  const lastOpenedId = useLast(openedId);
  useScrollOfList(isList);

  const open = useCallback((id: string) => navigate({ page: 'account', id, days: DEFAULT_RANGE }), [navigate]);
  const view = route.page === 'accounts' ? route.view : WHOLE;
  const lastView = useLast(route.page === 'accounts' ? view : null) ?? WHOLE;
  const close = () => navigate({ page: 'accounts', view: lastView });

  async function track(username: string, platform: Platform, accountType: AccountType): Promise<void> {
    await service.createJob(orgId, projectId, userId, username, platform, accountType);
  }

  /** Fetch an account once more: a new job does that. */
  async function sync({ username, platform, accountType }: TrackedAccount): Promise<void> {
    if (platform && accountType) {
      await track(username, platform, accountType);
    }
  }

  return (
    <main className="workspace">
      <h1 className="unseen">Tracked accounts</h1>
      {route.page === 'account' && !isList && opened && (
        <AccountPage
          key={opened.id}
          source={source}
          scope={scope}
          account={opened}
          days={route.days}
          onDays={(days) => navigate({ ...route, days })}
          isSyncing={isBusy(opened, jobs)}
          waitsUntil={waitOf(opened, waits)}
          askedWaitsUntil={askedWaitOf(opened, waits)}
          onSync={() => sync(opened)}
          onBack={close}
          onCompare={() => navigate({ page: 'compare', ids: withChosen(opened.id, chosenIds), days: route.days })}
          canRemove // both users of the demo are owners
          onRemove={() => removeAccount(source, { ...scope, accountId: opened.id })}
        />
      )}
      {route.page === 'account' && !isList && !opened && <NoAccount isLoading={opened === undefined} onBack={close} />}
      {route.page === 'compare' && (
        <ComparePage
          source={source}
          scope={scope}
          accounts={items}
          isLoading={accounts.status === 'loading'}
          ids={route.ids}
          days={route.days}
          onIds={(ids) => navigate({ ...route, ids })}
          onDays={(days) => navigate({ ...route, days })}
          onBack={close}
        />
      )}
      {(route.page === 'notifications' || route.page === 'webhooks') && (
        <NewsPages source={source} orgId={orgId} route={route} onRoute={navigate} />
      )}
      {isList && (
        <>
          <TrackForm
            onTrack={track}
            whyKnown={whyKnown}
            isFirst={accounts.status === 'ready' && accounts.items.length === 0}
          />
          <AccountList
            accounts={accounts}
            view={view}
            onView={(next: AccountView) => navigate({ page: 'accounts', view: next })}
            arrivedId={arrivedId}
            lastOpenedId={lastOpenedId}
            chosenIds={chosenIds}
            onChosen={setChosenIds}
            onOpen={open}
          >
            <Samples
              samples={samples}
              onTrack={(username, platform) => track(username, platform, 'competitor')}
              isTracked={(sample) => isKnown(sample, jobs, items)}
            />
          </AccountList>
        </>
      )}
      <TrackingJobsPanel
        service={service}
        orgId={orgId}
        projectId={projectId}
        onJobCompleted={setArrivedId}
        onOpenAccount={open}
      />
    </main>
  );
}

interface NoAccountProps {
  isLoading: boolean;
  onBack: () => void;
}

/** Stand in for an account that is not loaded yet, or that does not exist. */
function NoAccount({ isLoading, onBack }: NoAccountProps) {
  return (
    <section className="card" aria-label="Account" aria-busy={isLoading}>
      {isLoading ? (
        <div className="loading">
          <Skeleton count={4} />
        </div>
      ) : (
        <div className="empty">
          <p>There is no such account in this project. It may have been removed.</p>
          <button type="button" className="secondary" onClick={onBack}>
            All accounts
          </button>
        </div>
      )}
    </section>
  );
}

/** Return the last value that was not null. */
function useLast<T>(value: T | null): T | null {
  const [last, setLast] = useState(value);
  if (value !== null && value !== last) {
    setLast(value);
  }
  return value ?? last;
}

/** Hold the account that has just arrived, for as long as its row is marked. */
function useArrival() {
  const [id, setId] = useState<string | null>(null);
  useEffect(() => {
    if (id !== null) {
      const timer = setTimeout(() => setId(null), ARRIVAL_MS);
      return () => clearTimeout(timer);
    }
    return;
  }, [id]);
  return [id, setId] as const;
}

/** Scroll to the top of another page, and back to the same place of the list. */
function useScrollOfList(isList: boolean): void {
  const y = useRef(0);
  useLayoutEffect(() => {
    window.scrollTo(0, isList ? y.current : 0);
    if (!isList) {
      return;
    }
    const remember = () => {
      y.current = window.scrollY;
    };
    window.addEventListener('scroll', remember, { passive: true });
    return () => window.removeEventListener('scroll', remember);
  }, [isList]);
}

/** The accounts chosen in the list and the open one, which is always among them. */
function withChosen(id: string, chosenIds: readonly string[]): string[] {
  return [id, ...chosenIds.filter((other) => other !== id)].slice(0, MOST_COMPARED);
}
