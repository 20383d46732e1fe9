import { useEffect, useRef, useState } from 'react';
import type { MediaType, TrackedAccount, TrackedVideo } from '../src/account';
import type { AccountSource, ProjectScope } from '../src/watchAccounts';
import { Avatar, Handle, Name, Synced } from './AccountList';
import { Count } from './Count';
import { Icon } from './DemoIcons';
import { day, playingTime, spokenPlayingTime } from './format';
import { Picture } from './Picture';
import { type Live, useVideos } from './useAccounts';

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
  onBack: () => void;
}

/** Show one account with its counts and its videos, newest first. */
export function AccountVideos({ source, scope, account, onBack }: AccountVideosProps) {
  const [size, setSize] = useState(VIDEOS_PER_PAGE);
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
      <Grid account={account} videos={videos} />
      {videos.status === 'ready' && videos.hasMore && (
        <button type="button" className="secondary more" onClick={() => setSize(size + VIDEOS_PER_PAGE)}>
          Show more videos
        </button>
      )}
    </section>
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

function Grid({ account, videos }: { account: TrackedAccount; videos: Live<TrackedVideo> }) {
  if (videos.status === 'loading') {
    return <p className="empty">Loading…</p>;
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
      {videos.items.map((video) => (
        <li key={video.id}>
          <Card video={video} />
        </li>
      ))}
    </ul>
  );
}

function whyNone(account: TrackedAccount, isStale: boolean): string {
  if (isStale) {
    return 'There is no connection. The videos appear here once it is back.';
  }
  if (account.isPrivate) {
    return 'This account is private: its videos are for its followers alone.';
  }
  return 'No videos yet. They appear here as soon as they were fetched.';
}

function Card({ video }: { video: TrackedVideo }) {
  const text = video.text || `${MEDIA_LABELS[video.mediaType]} without a caption`;
  return (
    <article className="video">
      <Picture src={video.thumbnailUrl} className="thumbnail">
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
        <Count value={video.viewCount} unit={['view', 'views']}>
          <Icon name="eye" />
        </Count>
        <Count value={video.likeCount} unit={['like', 'likes']}>
          <Icon name="heart" />
        </Count>
        <Count value={video.commentCount} unit={['comment', 'comments']}>
          <Icon name="comment" />
        </Count>
      </p>
    </article>
  );
}
