import { useMemo, useState } from 'react';
import type { TrackedAccount, TrackedVideo } from '../../src/account';
import type { AccountSource, ProjectScope, VideoOrder } from '../../src/watchAccounts';
import { descending } from '../accountView';
import { full } from '../format';
import { Skeleton } from '../Skeleton';
import { Action } from './Action';
import type { AccountAccess } from './access';
import { OUTLIER_LEVELS } from './figures';
import { Segments } from './Segments';
import { useVideoHistory, useVideosOf, type Videos, type Watched } from './useAccountData';
import { useMinute } from './useMinute';
import { VideoRow } from './VideoRow';

/** Rows that are added at once. */
const ROWS = 15;

const CHOICES = {
  newest: 'Newest',
  d7: 'Top of 7 days',
  multiplier: 'Outliers',
  viewCount: 'Most views',
  vanished: 'Vanished',
} as const;
type Choice = keyof typeof CHOICES;
/** Choices that the database orders. The others are looked for among the newest posts. */
const ORDERS: Partial<Record<Choice, VideoOrder>> = {
  d7: 'd7',
  multiplier: 'multiplier',
  vanished: 'unavailableSince',
};
const OPTIONS = Object.entries(CHOICES) as [Choice, string][];

interface VideoListProps {
  access: AccountAccess;
  source: AccountSource;
  scope: ProjectScope;
  account: TrackedAccount;
  /** The newest posts. */
  videos: Watched<Videos>;
  /** Load older posts. */
  onMore: () => void;
}

/** Show the account's posts: the newest, those that do best, or those that the platform no longer has. */
export function VideoList({ access, source, scope, account, videos, onMore }: VideoListProps) {
  const [choice, setChoice] = useState<Choice>('newest');
  const [rows, setRows] = useState(ROWS);
  const order = ORDERS[choice];
  const isOrdered = order !== undefined;
  const ordered = useVideosOf(access, source, scope, order ? [account.id] : [], order ?? 'newest', rows);
  const listed = order ? inOrder(ordered.get(account.id), order) : videos;
  const items = listed.status === 'ready' ? listed.value.items : null;
  const shown = useMemo(() => chosenOf(items ?? [], choice), [items, choice]);
  const page = shown.slice(0, rows);
  const loadHistory = useVideoHistory(
    access,
    source,
    scope,
    account.id,
    page.map(({ id }) => id),
    account.lastSyncedAt?.getTime(),
  );
  const now = useMinute();
  const hasMore = listed.status === 'ready' && listed.value.hasMore;

  function more(): void {
    setRows(rows + ROWS);
    if (!isOrdered && shown.length < rows + ROWS) {
      onMore();
    }
  }

  return (
    <section className="card acc-card" aria-labelledby="acc-videos" aria-busy={listed.status === 'loading'}>
      <div className="acc-card-head">
        <h3 id="acc-videos">
          Posts
          {listed.status === 'ready' && listed.isStale && <span className="acc-stale"> Not connected</span>}
        </h3>
        <Segments
          name="Which posts"
          options={OPTIONS}
          value={choice}
          onChange={(next) => {
            setChoice(next);
            setRows(ROWS);
          }}
        />
        <Action label="Export CSV" doing="Exporting…" act={() => access.downloadVideos(source, scope, account)} />
      </div>
      {listed.status === 'loading' && <Skeleton count={4} />}
      {listed.status === 'failed' && (
        <p className="empty problem" role="alert">
          {listed.sentence}
        </p>
      )}
      {listed.status === 'ready' && page.length === 0 && (
        <p className="empty">{whyNone(account, choice, listed.isStale, items?.length ?? 0)}</p>
      )}
      {page.length > 0 && (
        <>
          {/* Screen readers have the word in each row. */}
          <p className="acc-video acc-video-head" aria-hidden="true">
            <span className="acc-counts">
              <span>Views</span> <span>7 days</span> <span>Likes</span> <span>Comments</span>
            </span>
          </p>
          <ul className="acc-videos">
            {page.map((video) => (
              <li key={video.id}>
                <VideoRow video={video} now={now} loadHistory={loadHistory} />
              </li>
            ))}
          </ul>
        </>
      )}
      {listed.status === 'ready' && <Bound choice={choice} loaded={items?.length ?? 0} hasMore={hasMore} />}
      {(shown.length > rows || (hasMore && !isPastTheEnd(choice, items ?? []))) && (
        <button type="button" className="secondary more" onClick={more}>
          {choice === 'viewCount' && shown.length <= rows ? 'Look through older posts' : 'Show more posts'}
        </button>
      )}
    </section>
  );
}

/** While another order is loaded, the posts of the order before are not shown under its name. */
function inOrder(videos: Watched<Videos> | undefined, order: VideoOrder): Watched<Videos> {
  const isOther = videos?.status === 'ready' && videos.value.order !== order;
  return videos === undefined || isOther ? { status: 'loading' } : videos;
}

function chosenOf(items: readonly TrackedVideo[], choice: Choice): readonly TrackedVideo[] {
  switch (choice) {
    case 'newest':
      return items;
    case 'd7':
      return items.filter(({ d7 }) => d7 !== null && d7 > 0);
    case 'multiplier':
      return items.filter(isOutlier);
    case 'viewCount':
      return items
        .filter(({ viewCount }) => viewCount !== null)
        .toSorted((a, b) => descending(a.viewCount, b.viewCount));
    case 'vanished':
      return items.filter(hasVanished);
  }
}

function isOutlier({ multiplier }: TrackedVideo): boolean {
  return multiplier !== null && multiplier >= OUTLIER_LEVELS[0];
}

function hasVanished({ unavailableSince }: TrackedVideo): boolean {
  return unavailableSince !== null;
}

/** Whether no further post can belong to the choice, because the last one that is loaded does not. */
function isPastTheEnd(choice: Choice, items: readonly TrackedVideo[]): boolean {
  const isOrdered = ORDERS[choice] !== undefined;
  return isOrdered && items.length > 0 && chosenOf(items.slice(-1), choice).length === 0;
}

/** The most viewed ones are looked for among the loaded posts; say so as long as there are others. */
function Bound({ choice, loaded, hasMore }: { choice: Choice; loaded: number; hasMore: boolean }) {
  const isBound = hasMore && choice === 'viewCount';
  return isBound && <p className="detail bound">Only the {full(loaded)} newest posts are compared.</p>;
}

function whyNone(account: TrackedAccount, choice: Choice, isStale: boolean, loaded: number): string {
  if (isStale && loaded === 0) {
    return 'There is no connection. The posts show up here once it is back.';
  }
  if (loaded === 0 && choice === 'newest') {
    if (account.isPrivate || account.unavailable === 'private') {
      return 'This account is private: its posts are for its followers alone.';
    }
    return account.videoCount === 0
      ? 'This account has no posts.'
      : 'No posts yet. They show up here as soon as we fetch them.';
  }
  switch (choice) {
    case 'd7':
      return 'No post has gained views in 7 days, or there is no history of 7 days yet.';
    case 'multiplier':
      return 'No outliers: no post has twice the views that this account usually gets. This needs five earlier posts of the same kind.';
    case 'viewCount':
      return 'The platform tells no views of these posts.';
    case 'vanished':
      return 'No post has vanished. One that two fetches of all posts do not find, a day apart, shows up here.';
    case 'newest':
      return 'No posts.';
  }
}
