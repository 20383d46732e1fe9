import type { Auth } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';
import { useMemo, useState } from 'react';
import type { TrackedAccount } from '../src/account';
import type { AccountType, Platform } from '../src/job';
import { TrackingJobsPanel } from '../src/panel/TrackingJobsPanel';
import { TrackingJobService } from '../src/service';
import { AccountList } from './AccountList';
import { AccountVideos } from './AccountVideos';
import type { Sample } from './config';
import { isBusy, isKnown, whyListed } from './matching';
import { Samples } from './Samples';
import { Totals } from './Totals';
import { TrackForm } from './TrackForm';
import { useAccount, useAccounts } from './useAccounts';
import { useOpenJobs } from './useOpenJobs';
import { usePageTitle } from './usePageTitle';
import { useSelection } from './useSelection';

const ACCOUNTS_PER_PAGE = 50;

interface WorkspaceProps {
  auth: Auth;
  firestore: Firestore;
  triggerUrl: string;
  userId: string;
  orgId: string;
  projectId: string;
  samples: readonly Sample[];
}

/** The page of one project: track an account, and see the tracked accounts and their videos. */
export function Workspace({ auth, firestore, triggerUrl, userId, orgId, projectId, samples }: WorkspaceProps) {
  const service = useMemo(
    () => new TrackingJobService({ firestore, auth, triggerUrl, orgId }),
    [firestore, auth, triggerUrl, orgId],
  );
  const source = useMemo(() => ({ firestore, auth }), [firestore, auth]);
  const scope = { orgId, projectId };
  const [size, setSize] = useState(ACCOUNTS_PER_PAGE);
  const accounts = useAccounts(source, scope, size);
  const [selectedId, select] = useSelection();
  const [arrivedId, setArrivedId] = useState<string | null>(null);

  const items = accounts.status === 'ready' ? accounts.items : [];
  const opened = useAccount(source, scope, selectedId); // the list may not reach back to this account
  const selected = items.find(({ id }) => id === selectedId) ?? opened;
  const jobs = useOpenJobs(service, scope);
  usePageTitle(selected?.displayName, jobs.length);

  async function track(username: string, platform: Platform, accountType: AccountType): Promise<void> {
    await service.createJob(orgId, projectId, userId, username, platform, accountType);
  }

  /** Fetch an account once more: a new job does that. */
  async function sync({ username, platform, accountType }: TrackedAccount): Promise<void> {
    if (platform && accountType) {
      await track(username, platform, accountType);
    }
  }

  /** Mark a new account in the list. Open it, too, if no account is open and the list stays visible beside it. */
  function show(accountId: string): void {
    setArrivedId(accountId);
    if (!selected && hasRoomForBoth()) {
      select(accountId);
    }
  }

  return (
    <main className="workspace" data-open={selected !== null}>
      <h1 className="unseen">Tracked accounts</h1>
      <TrackForm onTrack={track} whyNot={(username, platform) => whyListed({ username, platform }, items)} />
      <AccountList
        accounts={accounts}
        selectedId={selected?.id ?? null}
        arrivedId={arrivedId}
        onSelect={select}
        onMore={() => setSize(size + ACCOUNTS_PER_PAGE)}
      >
        <Samples
          samples={samples}
          onTrack={(username, platform) => track(username, platform, 'competitor')}
          isTracked={(sample) => isKnown(sample, jobs, items)}
        />
      </AccountList>
      {selected ? (
        <AccountVideos
          key={selected.id}
          source={source}
          scope={scope}
          account={selected}
          isSyncing={isBusy(selected, jobs)}
          onSync={() => sync(selected)}
          onBack={() => select(null)}
        />
      ) : (
        accounts.status === 'ready' && items.length > 0 && <Totals accounts={items} hasMore={accounts.hasMore} />
      )}
      <TrackingJobsPanel
        service={service}
        orgId={orgId}
        projectId={projectId}
        onJobCompleted={show}
        onOpenAccount={select}
      />
    </main>
  );
}

/** Whether list and videos stand side by side; the same query as in demo.css. */
function hasRoomForBoth(): boolean {
  return window.matchMedia('(min-width: 56rem)').matches;
}
