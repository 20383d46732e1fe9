/** Scenes of the demo's page of an account and of its comparison. */

import { type ReactElement, useState } from 'react';
import { AccountPage } from '../../demo/account/AccountPage';
import { ComparePage } from '../../demo/compare/ComparePage';
import type { Range } from '../../demo/route';
import type { TrackedAccount } from '../../src/account';
import { TrackingJobError } from '../../src/errors';
import { daysAgo, makeAccess, makeAccount, makeHistory, makeVideo, makeVideos, SCOPE, SOURCE } from '../accountFakes';

interface PageScene {
  page: ReactElement;
  /** Buttons and choices that are clicked, by the beginnings of their names. */
  clicks?: string[];
}

type Access = ReturnType<typeof makeAccess>;

const full = makeAccess({ history: (_, days) => makeHistory(days), videos: () => makeVideos(260) });
const empty = makeAccess({ history: (_, days) => makeHistory(days, { known: 0 }), videos: () => [] });
const refused = () => Promise.reject(new TrackingJobError('unavailable'));

function Account(props: {
  account: TrackedAccount;
  access?: Access;
  range?: Range;
  canRemove?: boolean;
  waitsUntil?: Date;
}) {
  const [days, setDays] = useState<Range>(props.range ?? 90);
  return (
    <AccountPage
      source={SOURCE}
      scope={SCOPE}
      account={props.account}
      access={props.access ?? full}
      days={days}
      onDays={setDays}
      isSyncing={false}
      onSync={async () => {}}
      onBack={() => {}}
      onCompare={() => {}}
      canRemove={props.canRemove ?? true}
      onRemove={async () => {}}
      waitsUntil={props.waitsUntil}
    />
  );
}

function Compare(props: { accounts: TrackedAccount[]; ids: string[]; access: Access; isLoading?: boolean }) {
  const [days, setDays] = useState<Range>(90);
  const [ids, setIds] = useState(props.ids);
  return (
    <ComparePage
      source={SOURCE}
      scope={SCOPE}
      isLoading={false}
      {...props}
      ids={ids}
      days={days}
      onIds={setIds}
      onDays={setDays}
      onBack={() => {}}
    />
  );
}

const orbital = makeAccount({
  usernameHistory: [{ username: 'orbital_news', until: daysAgo(20) }],
  spikes: { followers: { day: daysAgo(12).toISOString().slice(0, 10), change: 3_910, usual: 171 }, views: null },
});
const hidden = makeAccount({
  id: 'instagram_1',
  platform: 'instagram',
  username: 'quietgarden',
  displayName: 'Quiet Garden',
  bio: '',
  isVerified: null,
  accountType: 'competitor',
  followerCount: null,
  followingCount: null,
  totalViews: null,
  growth: null,
  refreshCadence: null,
  nextRefreshAt: null,
  refreshHours: null,
});
const images = [0, 1, 2, 3].map((index) =>
  makeVideo({ id: `i${index}`, mediaType: 'image', publishedAt: daysAgo(index * 5 + 1), caption: '', likeCount: null }),
);
const lost = { unavailableSince: daysAgo(9), lastSyncedAt: daysAgo(10), nextRefreshAt: daysAgo(-5) };
const long = makeAccount({
  username: 'a_very_long_username_that_nobody_would_type_but_somebody_did_and_it_goes_on',
  displayName:
    'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft and friends of long names',
  followerCount: 1_234_567_890,
  growth: {
    since: '2026-01-01',
    f1: -1_234_567,
    f7: 12_345_678,
    f30: -123_456_789,
    v1: 98_765_432,
    v7: null,
    v30: 987_654_321,
  },
});
const arabic = makeAccount({
  username: 'alfalak_news',
  displayName: 'أخبار الفلك والفضاء',
  bio: 'كل ما هو جديد في عالم الفضاء والفلك، كل يوم ثلاثاء.',
});
const second = makeAccount({
  id: 'tiktok_2',
  platform: 'tiktok',
  username: 'marsdaily',
  displayName: 'Mars Daily',
  accountType: 'competitor',
  followerCount: 41_200,
});
const sameName = makeAccount({
  id: 'instagram_3',
  platform: 'instagram',
  username: 'orbital',
  displayName: 'Orbital',
  followerCount: 9_840,
});
const gone = makeAccount({
  id: 'twitter_4',
  platform: 'twitter',
  username: 'launchpad',
  displayName: 'Launchpad',
  followerCount: 77_000,
  unavailable: 'not_found',
  ...lost,
});
const fifth = makeAccount({ id: 'youtube_5', username: 'starlab', displayName: 'Star Lab', followerCount: 2_310_000 });
const ALL = [orbital, second, sameName, gone, fifth, hidden, arabic];
const several = makeAccess({
  history: (id, days) =>
    makeHistory(days, {
      followers: ALL.find((account) => account.id === id)?.followerCount ?? 0,
      daily: { youtube_UC1: 170, tiktok_2: 96, instagram_3: 4, twitter_4: -60, youtube_5: 1_900 }[id] ?? 0,
      step: id === 'youtube_5' ? 10_000 : 1,
      hides: id === hidden.id ? ['followers'] : [],
    }),
  videos: (id) => (id === hidden.id ? images : makeVideos(id === 'tiktok_2' ? 300 : 90)),
});

export const PAGE_SCENES: Readonly<Record<string, PageScene>> = {
  account: { page: <Account account={orbital} /> },
  accountYear: { page: <Account account={makeAccount()} range={365} /> },
  accountWeek: { page: <Account account={{ ...orbital, platform: 'twitter' }} range={7} /> },
  accountLoading: { page: <Account account={orbital} access={makeAccess({})} /> },
  accountEmpty: {
    page: (
      <Account
        account={makeAccount({ growth: null, videoCount: null, totalViews: null, dateAdded: daysAgo(0) })}
        access={empty}
      />
    ),
  },
  accountNew: {
    page: (
      <Account
        account={makeAccount({ growth: null, dateAdded: daysAgo(2), lastSyncedAt: daysAgo(0) })}
        access={makeAccess({ history: (_, days) => makeHistory(days, { known: 2 }), videos: () => makeVideos(3) })}
      />
    ),
  },
  accountFailed: {
    page: <Account account={orbital} access={makeAccess({ error: new TrackingJobError('unavailable') })} />,
  },
  accountStale: {
    page: (
      <Account
        account={orbital}
        access={makeAccess({ history: (_, days) => makeHistory(days), videos: () => makeVideos(8), isStale: true })}
      />
    ),
  },
  accountHidden: {
    page: (
      <Account
        account={hidden}
        canRemove={false}
        access={makeAccess({
          history: (_, days) => makeHistory(days, { hides: ['followers', 'following', 'views', 'videoViews'] }),
          videos: () => images,
        })}
      />
    ),
  },
  accountGone: { page: <Account account={makeAccount({ unavailable: 'not_found', ...lost })} /> },
  accountPrivate: {
    page: (
      <Account account={makeAccount({ unavailable: 'private', isPrivate: true, accountType: 'competitor', ...lost })} />
    ),
  },
  accountSuspended: { page: <Account account={makeAccount({ unavailable: 'suspended', ...lost })} /> },
  accountNameTaken: {
    page: <Account account={makeAccount({ unavailable: 'name_taken', ...lost, nextRefreshAt: null })} />,
  },
  accountLong: { page: <Account account={long} /> },
  accountArabic: { page: <Account account={arabic} /> },
  accountWaits: {
    page: <Account account={makeAccount({ refreshCadence: 'auto', refreshHours: 36 })} waitsUntil={daysAgo(-1)} />,
  },
  accountOutliers: { page: <Account account={orbital} />, clicks: ['Outliers', 'History'] },
  accountVanished: { page: <Account account={orbital} />, clicks: ['Vanished'] },
  accountVideoFailed: {
    page: <Account account={orbital} access={{ ...full, getVideoHistory: refused, refreshNow: refused }} />,
    clicks: ['History', 'Refresh now'],
  },
  accountStop: { page: <Account account={orbital} />, clicks: ['Stop tracking'] },
  compare: { page: <Compare accounts={ALL} ids={[orbital.id, second.id, sameName.id]} access={several} /> },
  compareFive: {
    page: <Compare accounts={ALL} ids={[orbital.id, second.id, sameName.id, gone.id, fifth.id]} access={several} />,
    clicks: ['Followers'],
  },
  compareMissing: {
    page: <Compare accounts={ALL} ids={[orbital.id, hidden.id, 'youtube_deleted']} access={several} />,
  },
  compareEmpty: { page: <Compare accounts={ALL} ids={[]} access={several} /> },
  compareStarting: { page: <Compare accounts={[]} ids={[orbital.id, second.id]} access={several} isLoading /> },
  compareLoading: { page: <Compare accounts={ALL} ids={[orbital.id, second.id]} access={makeAccess({})} /> },
  compareFailed: {
    page: (
      <Compare
        accounts={ALL}
        ids={[orbital.id, arabic.id]}
        access={makeAccess({ error: new TrackingJobError('not-allowed') })}
      />
    ),
  },
};

/** Click what a scene asks for, in turn. */
export async function playPage({ clicks = [] }: PageScene): Promise<void> {
  for (const name of clicks) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const controls = [...document.querySelectorAll<HTMLElement>('.acc-page :is(button, .acc-segments label)')];
    controls.find(({ textContent }) => textContent?.startsWith(name))?.click();
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  document.body.dataset.sceneIsPlayed = 'true';
}
