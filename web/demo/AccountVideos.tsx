import { useEffect, useRef, useState } from 'react';
import type { MediaType, TrackedAccount, TrackedVideo } from '../src/account';
import { trackingJobError } from '../src/errors';
import type { AccountSource, ProjectScope } from '../src/watchAccounts';
import { Count } from './Count';
import { Icon } from './DemoIcons';
import { downloadVideos } from './downloadVideos';
import { day, playingTime, spokenPlayingTime } from './format';
import { Avatar, Handle, Name, Synced } from './Identity';
import { Picture } from './Picture';
import { Skeleton } from './Skeleton';
import { type Live, useVideos } from './useAccounts';
import { sorted, VIDEO_ORDERS, type VideoOrder } from './videoTable';

const VIDEOS_PER_PAGE = 60;
const MEDIA_LABELS: Readonly<Record<MediaType, string>> = {
  video: 'Video',
  image: 'Image',
  carousel: 'Carousel',
  text: 'Text',
};

interface AccountVideosProps {
  source: AccountSource;
  scope: ProjectScope;
  account: TrackedAccount;
  /** Whether a job of this account waits or runs. */
  isSyncing: boolean;
  onSync: () => Promise<void>;
  onBack: () => void;
}

/** Show one account with its counts and its videos, newest first. */
export function AccountVideos({ source, scope, account, isSyncing, onSync, onBack }: AccountVideosProps) {
  const [size, setSize] = useState(VIDEOS_PER_PAGE);
  const [order, setOrder] = useState<VideoOrder>('newest');
  const videos = useVideos(source, scope, account.id, size);
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus({ preventScroll: true }), []); // the button exists on a narrow page only
  return (
    <section className="videos card" aria-labelledby="videos-title" aria-busy={videos.status === 'loading'}>
      <button ref={back} type="button" className="quiet back" onClick={onBack}>
        <Icon name="back" /> All accounts
      </button>
      <div className="profile">
        <Avatar account={account} />
        <div className="who">
          <h2 id="videos-title">
            <Name account={account} />
          </h2>
          <p className="detail">
            {account.profileUrl ? (
              <a href={account.profileUrl} target="_blank" rel="noopener noreferrer">
                <Handle account={account} separator=" on " />
              </a>
            ) : (
              <Handle account={account} separator=" on " />
            )}
            <Synced account={account} />
          </p>
          {account.bio && <p className="bio">{account.bio}</p>}
        </div>
        <dl>
          <Figure label="Followers" value={account.followerCount} unit={['follower', 'followers']} />
          <Figure label="Posts" value={account.postCount} unit={['post', 'posts']} />
          <Figure label="Views" value={account.totalViews} unit={['view', 'views']} />
        </dl>
      </div>
      <div className="tools">
        <select value={order} aria-label="Sort videos" onChange={({ target }) => setOrder(target.value as VideoOrder)}>
          {Object.entries(VIDEO_ORDERS).map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
        <Action label="Export CSV" doing="Exporting…" act={() => downloadVideos(source, scope, account)} />
        {account.platform && account.accountType && (
          <Action label="Sync now" doing="Syncing…" isDoing={isSyncing} act={onSync} />
        )}
      </div>
      <Grid account={account} videos={videos} order={order} />
      {videos.status === 'ready' && videos.hasMore && (
        <>
          {order !== 'newest' && (
            <p className="detail bound">Only the {videos.items.length} newest videos are sorted.</p>
          )}
          <button type="button" className="secondary more" onClick={() => setSize(size + VIDEOS_PER_PAGE)}>
            Show more videos
          </button>
        </>
      )}
    </section>
  );
}

interface ActionProps {
  label: string;
  doing: string;
  /** Whether it is being done already, by this page or another. */
  isDoing?: boolean;
  act: () => Promise<void>;
}

/** A button that shows its action's progress, and the reason if it fails. */
function Action({ label, doing, isDoing = false, act }: ActionProps) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const isOn = isBusy || isDoing;

  async function start(): Promise<void> {
    setBusy(true);
    setProblem('');
    try {
      await act();
    } catch (thrown) {
      setProblem(trackingJobError(thrown).message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <button type="button" className="secondary" aria-disabled={isOn} onClick={() => !isOn && void start()}>
        {isOn ? doing : label}
      </button>
      <span className="problem" role="alert">
        {problem}
      </span>
    </>
  );
}

interface FigureProps {
  label: string;
  value: number | null;
  unit: readonly [string, string];
}

function Figure({ label, value, unit }: FigureProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <Count value={value} unit={unit} />
      </dd>
    </div>
  );
}

interface GridProps {
  account: TrackedAccount;
  videos: Live<TrackedVideo>;
  order: VideoOrder;
}

function Grid({ account, videos, order }: GridProps) {
  if (videos.status === 'loading') {
    return <Skeleton shape="cards" count={6} />;
  }
  if (videos.status === 'failed') {
    return (
      <p className="empty problem" role="alert">
        {videos.sentence}
      </p>
    );
  }
  if (videos.items.length === 0) {
    return <p className="empty">{whyNone(account, videos.isStale)}</p>;
  }
  return (
    <ul className="grid">
      {sorted(videos.items, order).map((video) => (
        <li key={video.id}>
          <Card video={video} />
        </li>
      ))}
    </ul>
  );
}

function whyNone(account: TrackedAccount, isStale: boolean): string {
  if (isStale) {
    return 'There is no connection. The videos show up here once it is back.';
  }
  if (account.isPrivate) {
    return 'This account is private: its videos are for its followers alone.';
  }
  return account.videoCount === 0
    ? 'This account has no videos.'
    : 'No videos yet. They show up here as soon as we fetch them.';
}

function Card({ video }: { video: TrackedVideo }) {
  const text = video.text || `${MEDIA_LABELS[video.mediaType]} without a caption`;
  return (
    <article className="video">
      <Picture sources={[video.thumbnail, video.thumbnailUrl]} className="thumbnail">
        <Icon name={video.mediaType} />
        {video.durationS !== null && <span className="length">{playingTime(video.durationS)}</span>}
      </Picture>
      <h3>
        {video.url ? (
          <a href={video.url} target="_blank" rel="noopener noreferrer">
            {text}
          </a>
        ) : (
          text
        )}
      </h3>
      <p className="detail">
        {MEDIA_LABELS[video.mediaType]}
        {video.durationS !== null && <span className="unseen">, {spokenPlayingTime(video.durationS)}</span>}
        {video.publishedAt && (
          <>
            {' · '}
            <time dateTime={video.publishedAt.toISOString()}>{day(video.publishedAt)}</time>
          </>
        )}
        {video.isPinned && ' · Pinned'}
      </p>
      <p className="detail counts">
        {/* A count that the platform did not give is left out: a picture has no views. */}
        {video.viewCount !== null && (
          <Count value={video.viewCount} unit={['view', 'views']}>
            <Icon name="eye" />
          </Count>
        )}
        {video.likeCount !== null && (
          <Count value={video.likeCount} unit={['like', 'likes']}>
            <Icon name="heart" />
          </Count>
        )}
        {video.commentCount !== null && (
          <Count value={video.commentCount} unit={['comment', 'comments']}>
            <Icon name="comment" />
          </Count>
        )}
      </p>
    </article>
  );
}
