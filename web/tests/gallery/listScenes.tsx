import { type ReactNode, useState } from 'react';
import '../../demo/demo.css';
import '../../demo/list.css';
import { AccountList } from '../../demo/AccountList';
import { type AccountView, WHOLE } from '../../demo/accountView';
import { Header } from '../../demo/Header';
import { whyKnownBy } from '../../demo/matching';
import { NewsPages, type NewsPagesProps } from '../../demo/news/NewsPages';
import type { Route } from '../../demo/route';
import { Samples } from '../../demo/Samples';
import { TrackForm } from '../../demo/TrackForm';
import type { Live } from '../../demo/useAccounts';
import type { TrackedAccount } from '../../src/account';
import { TrackingJobError } from '../../src/errors';
import { makeAccount, makeAccounts } from '../madeAccounts';
import { FakeNews, makeDelivery, makeEndpoint, makeFailed, makeSettings, NEWS_SOURCE } from '../newsFakes';
import type { ListSceneName } from './listSceneNames';

const NOW = new Date();
const today = NOW.toISOString().slice(0, 10);
const ago = (days: number) => new Date(NOW.getTime() - days * 24 * 60 * 60 * 1000);
const growth = { since: '2026-01-01', f1: null, f7: null, f30: null, v1: null, v7: null, v30: null };
const LONG = 'Die unabhängige Redaktion für Verbraucherfragen, Reisen und Nachhaltigkeit im Alltag';

const odd = [
  makeAccount({
    id: 'spiked',
    platform: 'tiktok',
    username: 'harbor_kitchen',
    displayName: 'Harbor Kitchen',
    accountType: 'my',
    followerCount: 84_200,
    recentFollowers: [...Array.from({ length: 29 }, (_, day) => 76_000 + 100 * day), 84_200],
    growth: { ...growth, f7: 5_700, f30: 8_200 },
    spikes: { followers: { day: today, change: 5_000, usual: 100 }, views: null },
    lastSyncedAt: ago(0.01),
  }),
  makeAccount({
    id: 'gone',
    platform: 'instagram',
    username: 'cedar.outdoors',
    displayName: 'Cedar Outdoors',
    accountType: 'competitor',
    followerCount: 12_400,
    recentFollowers: Array.from({ length: 12 }, (_, day) => 12_900 - 40 * day),
    growth: { ...growth, f7: -280, f30: -1_100 },
    unavailable: 'not_found',
    unavailableSince: ago(6),
    lastSyncedAt: ago(6),
  }),
  makeAccount({
    id: 'renamed',
    platform: 'youtube',
    username: 'orbit_radio_official',
    displayName: 'Orbit Radio',
    isVerified: true,
    accountType: 'competitor',
    followerCount: 1_230_000,
    recentFollowers: Array.from({ length: 30 }, (_, day) => 1_210_000 + 10_000 * Math.floor(day / 12)),
    growth: { ...growth, f7: 0, f30: 20_000 },
    usernameHistory: [{ username: 'orbitradio', until: ago(40) }],
    lastSyncedAt: ago(0.4),
  }),
  makeAccount({
    id: 'hidden',
    platform: 'youtube',
    username: 'quiet_labs',
    displayName: 'Quiet Labs',
    accountType: 'my',
    isPrivate: true,
    recentFollowers: [null, null, null],
    growth,
    lastSyncedAt: ago(0.2),
  }),
  makeAccount({ id: 'new', platform: 'twitter', username: 'just_added', displayName: 'Just Added', accountType: 'my' }),
  makeAccount({
    id: 'long',
    platform: 'instagram',
    username: 'die_unabhaengige_redaktion_fuer_verbraucherfragen_und_reisen',
    displayName: LONG,
    isVerified: true,
    accountType: 'competitor',
    followerCount: 999_950,
    recentFollowers: Array.from({ length: 30 }, (_, day) => (day > 12 && day < 19 ? null : 960_000 + 1_300 * day)),
    growth: { ...growth, f7: 9_100, f30: 39_000 },
    unavailable: 'name_taken',
    unavailableSince: ago(2),
    spikes: { followers: { day: today, change: -52_000, usual: 1_300 }, views: null },
    usernameHistory: [{ username: 'redaktion_fuer_verbraucherfragen', until: ago(3) }],
    lastSyncedAt: ago(400),
  }),
  makeAccount({
    id: 'rtl',
    platform: 'tiktok',
    username: 'akhbar_alyawm',
    displayName: 'أخبار اليوم — الرياضة',
    accountType: 'competitor',
    followerCount: 3,
    recentFollowers: [1, 3],
    growth: { ...growth, f7: 2 },
    lastSyncedAt: ago(1.2),
  }),
  makeAccount({ id: 'odd', platform: null, username: '=SUM(A1)', displayName: '<b>=SUM(A1)</b>' }),
];

function PageHeader() {
  return (
    <Header org="acme-demo" user="ada@acme.test" onSignOut={() => {}}>
      <button type="button" className="secondary">
        Let a day pass
      </button>
    </Header>
  );
}

interface PageProps {
  accounts: Live<TrackedAccount>;
  view?: Partial<AccountView>;
  chosen?: string[];
  refuse?: boolean;
}

function Page({ accounts, view: first, chosen = [], refuse = false }: PageProps) {
  const [view, setView] = useState<AccountView>({ ...WHOLE, ...first });
  const [chosenIds, setChosenIds] = useState<readonly string[]>(chosen);
  const items = accounts.status === 'ready' ? accounts.items : [];
  const track = (username: string) =>
    refuse && username.startsWith('e') ? Promise.reject(new TrackingJobError('busy')) : Promise.resolve();
  return (
    <>
      <PageHeader />
      <main className="workspace">
        <h1 className="unseen">Tracked accounts</h1>
        <TrackForm onTrack={track} whyKnown={whyKnownBy(items, [])} isFirst={items.length === 0} />
        <AccountList
          accounts={accounts}
          view={view}
          onView={setView}
          arrivedId={null}
          lastOpenedId={null}
          chosenIds={chosenIds}
          onChosen={setChosenIds}
          onOpen={() => {}}
        >
          <Samples
            samples={[
              { username: 'NASA', platform: 'instagram' },
              { username: 'MrBeast', platform: 'youtube' },
            ]}
            onTrack={track}
            isTracked={() => false}
          />
        </AccountList>
      </main>
    </>
  );
}

const news = new FakeNews({
  settings: makeSettings(),
  endpoints: [makeEndpoint({ description: 'Production' })],
  deliveries: [makeDelivery(), makeFailed()],
});

function News({ route: first }: Pick<NewsPagesProps, 'route'>) {
  const [route, setRoute] = useState(first);
  const open = (next: Route) => setRoute(next as typeof route); // the pages lead to no other ones
  return (
    <>
      <PageHeader />
      <main className="workspace">
        <h1 className="unseen">Tracked accounts</h1>
        <NewsPages source={NEWS_SOURCE} orgId="org" route={route} onRoute={open} access={news} />
      </main>
    </>
  );
}

const ready = (items: TrackedAccount[], more: Partial<Extract<Live<TrackedAccount>, { status: 'ready' }>> = {}) => ({
  status: 'ready' as const,
  items,
  hasMore: false,
  isStale: false,
  ...more,
});
const some = [...odd.map((account, index) => ({ ...account, dateAdded: ago(-1 - index) })), ...makeAccounts(40, NOW)];

/** Scenes of the demo page's list of accounts. They are loaded apart, since the page's style is for bare elements. */
export const LIST_SCENES: Readonly<Record<ListSceneName, ReactNode>> = {
  list: <Page accounts={ready(some)} />,
  listLoading: <Page accounts={{ status: 'loading' }} />,
  listFailed: (
    <Page accounts={{ status: 'failed', sentence: 'This could not be loaded. Reload the page to try again.' }} />
  ),
  listEmpty: <Page accounts={ready([])} />,
  listOffline: <Page accounts={ready([], { isStale: true })} />,
  listStale: <Page accounts={ready(some, { isStale: true })} />,
  listNoMatch: <Page accounts={ready(some)} view={{ search: 'nobody' }} />,
  listFiltered: <Page accounts={ready(some)} view={{ needsAttention: true, sort: 'p7', isReversed: true }} />,
  listChosen: <Page accounts={ready(some)} chosen={['spiked', 'renamed', 'long', 'rtl', 'account_0']} />,
  listOneChosen: <Page accounts={ready(some)} chosen={['gone']} />,
  listThousands: <Page accounts={ready(makeAccounts(5_000, NOW), { hasMore: true })} view={{ sort: 'f7' }} />,
  listMany: <Page accounts={ready(some)} refuse />,
  demoMail: <News route={{ page: 'notifications' }} />,
  demoWebhooks: <News route={{ page: 'webhooks', id: null }} />,
};
