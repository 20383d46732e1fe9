import type { ReactNode } from 'react';
import type { TrackedAccount } from '../../src/account';
import { growthOver } from '../../src/chartsEntry';
import { Count } from '../Count';
import { full, percent } from '../format';
import { Change } from './Change';
import { type Engagement, engagementRate, pointsOf, postsPerWeek, RECENT_DAYS } from './figures';
import type { History, Videos, Watched } from './useAccountData';
import { decimal } from './words';

interface FigureGridProps {
  account: TrackedAccount;
  history: Watched<History>;
  videos: Watched<Videos>;
  now: Date;
}

/** Show the account's counts with their growth, and how it posts. */
export function FigureGrid({ account, history, videos, now }: FigureGridProps) {
  const { growth } = account;
  const points = history.status === 'ready' ? history.value.points : [];
  const followings = pointsOf(points, 'following');
  const posts = pointsOf(points, 'posts');
  const fromHistory = (of: typeof posts) => [1, 7, 30].map((days) => growthOver(of, days).absolute);
  return (
    <ul className="acc-figures">
      <Counted
        label="Followers"
        value={account.followerCount}
        unit={['follower', 'followers']}
        changes={[growth?.f1 ?? null, growth?.f7 ?? null, growth?.f30 ?? null]}
      />
      <Counted
        label="Views"
        value={account.totalViews}
        unit={['view', 'views']}
        changes={[growth?.v1 ?? null, growth?.v7 ?? null, growth?.v30 ?? null]}
      />
      <Counted label="Posts" value={account.postCount} unit={['post', 'posts']} changes={fromHistory(posts)} />
      <Counted
        label="Following"
        value={account.followingCount}
        unit={['followed account', 'followed accounts']}
        changes={fromHistory(followings)}
      />
      <Figure label="Engagement rate">
        <EngagementRate videos={videos} account={account} now={now} />
      </Figure>
      <Figure label="Posts a week">
        <PostsPerWeek videos={videos} account={account} now={now} />
      </Figure>
    </ul>
  );
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <li className="acc-figure">
      <p className="acc-label">{label}</p>
      {children}
    </li>
  );
}

interface CountedProps {
  label: string;
  value: number | null;
  unit: readonly [string, string];
  /** Of 1, 7 and 30 days. */
  changes: readonly (number | null)[];
}

function Counted({ label, value, unit, changes }: CountedProps) {
  return (
    <Figure label={label}>
      <p className="acc-value">
        <Count value={value} unit={unit} />
      </p>
      <ul className="acc-changes">
        {[1, 7, 30].map((days, index) => (
          <li key={days}>
            <span className="acc-period" aria-hidden="true">
              {days === 1 ? '1 day' : `${days} days`}
            </span>
            <Change value={changes[index] ?? null} of={`${unit[1]} in ${days === 1 ? '1 day' : `${days} days`}`} />
          </li>
        ))}
      </ul>
    </Figure>
  );
}

interface VideoFigureProps {
  videos: Watched<Videos>;
  account: TrackedAccount;
  now: Date;
}

function EngagementRate({ videos, account, now }: VideoFigureProps) {
  if (videos.status !== 'ready') {
    return <Unknown name="engagement rate" />;
  }
  const rate = engagementRate(videos.value.items, account, now);
  return (
    <>
      <p className="acc-value">{rate.share === null ? <Dash name="engagement rate" /> : percent(rate.share)}</p>
      <p className="detail">{whichPosts(rate, videos.value.items.length > 0 || account.videoCount === 0)}</p>
    </>
  );
}

/** Say what the rate is, and of how many posts. */
function whichPosts({ counted, posts, isByFollowers }: Engagement, isKnown: boolean): string {
  if (posts === 0) {
    return isKnown ? `No posts in ${RECENT_DAYS} days` : 'No posts are known yet';
  }
  const base = isByFollowers ? 'views, or by followers for images' : 'views';
  const known = counted === posts ? full(posts) : `${full(counted)} of ${full(posts)}`;
  return `Likes and comments by ${base}; median of ${known} ${posts === 1 ? 'post' : 'posts'} in ${RECENT_DAYS} days`;
}

function PostsPerWeek({ videos, account, now }: VideoFigureProps) {
  if (videos.status !== 'ready') {
    return <Unknown name="posts a week" />;
  }
  const rate = postsPerWeek(videos.value, account, now);
  return (
    <>
      <p className="acc-value">{rate === null ? <Dash name="posts a week" /> : decimal(rate)}</p>
      <p className="detail">
        {account.unavailable ? `In the ${RECENT_DAYS} days before the last fetch` : `In the last ${RECENT_DAYS} days`}
      </p>
    </>
  );
}

function Unknown({ name }: { name: string }) {
  return (
    <p className="acc-value">
      <Dash name={name} />
    </p>
  );
}

function Dash({ name }: { name: string }) {
  return (
    <>
      <span aria-hidden="true">–</span>
      <span className="unseen">{name} not known</span>
    </>
  );
}
