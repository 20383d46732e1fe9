import { useId, useState } from 'react';
import type { MediaType, TrackedVideo } from '../../src/account';
import { Count } from '../Count';
import { Icon } from '../DemoIcons';
import { day, playingTime, spokenPlayingTime } from '../format';
import { Picture } from '../Picture';
import { Change } from './Change';
import { isNew, outlierLevel } from './figures';
import type { LoadVideoHistory } from './useAccountData';
import { VideoDetails } from './VideoDetails';

const MEDIA_LABELS: Readonly<Record<MediaType, string>> = {
  video: 'Video',
  image: 'Image',
  carousel: 'Carousel',
  text: 'Text',
};

interface VideoRowProps {
  video: TrackedVideo;
  now: Date;
  loadHistory: LoadVideoHistory;
}

/** Show one post with its counts. Its history opens below it. */
export function VideoRow({ video, now, loadHistory }: VideoRowProps) {
  const [isOpen, setOpen] = useState(false);
  const titleId = useId();
  const detailsId = useId();
  const text = video.text || `${MEDIA_LABELS[video.mediaType]} without a caption`;
  const { durationS, publishedAt, unavailableSince } = video;
  return (
    <article className="acc-video" aria-labelledby={titleId} data-gone={unavailableSince !== null}>
      <Picture sources={[video.thumbnail, video.thumbnailUrl]} className="acc-thumbnail">
        <Icon name={video.mediaType} />
        {durationS !== null && <span className="length">{playingTime(durationS)}</span>}
      </Picture>
      <div className="acc-video-text">
        <h4 id={titleId} dir="auto">
          {video.url ? (
            <a href={video.url} target="_blank" rel="noopener noreferrer">
              {text}
            </a>
          ) : (
            text
          )}
        </h4>
        <p className="detail acc-line">
          <span>
            {MEDIA_LABELS[video.mediaType]}
            {durationS !== null && <span className="unseen">, {spokenPlayingTime(durationS)}</span>}
          </span>
          {publishedAt && <time dateTime={publishedAt.toISOString()}>{day(publishedAt)}</time>}
          {video.isPinned && <span>Pinned</span>}
          {isNew(video, now) && <span className="acc-chip acc-chip-new">New</span>}
          <Outlier video={video} />
          {unavailableSince && <span className="acc-chip acc-chip-gone">Vanished {day(unavailableSince)}</span>}
        </p>
      </div>
      <ul className="acc-counts">
        <li>
          <span className="acc-period" aria-hidden="true">
            Views
          </span>
          <Count value={video.viewCount} unit={['view', 'views']} />
        </li>
        <li>
          <span className="acc-period" aria-hidden="true">
            7 days
          </span>
          <Change value={video.d7} of="views in 7 days" />
        </li>
        <li>
          <span className="acc-period" aria-hidden="true">
            Likes
          </span>
          <Count value={video.likeCount} unit={['like', 'likes']} />
        </li>
        <li>
          <span className="acc-period" aria-hidden="true">
            Comments
          </span>
          <Count value={video.commentCount} unit={['comment', 'comments']} />
        </li>
      </ul>
      <button
        type="button"
        className="quiet acc-open"
        aria-expanded={isOpen}
        aria-controls={isOpen ? detailsId : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        History<span className="unseen"> of {text}</span>
        <svg className="icon acc-arrow" viewBox="0 0 20 20" aria-hidden="true">
          <path d="m5 7.5 5 5 5-5" />
        </svg>
      </button>
      {isOpen && <VideoDetails id={detailsId} video={video} loadHistory={loadHistory} />}
    </article>
  );
}

/** The views of a post in times of the usual ones, from twice on: `2.4x`. */
function Outlier({ video }: { video: TrackedVideo }) {
  const level = outlierLevel(video);
  if (level === null || video.multiplier === null) {
    return null;
  }
  const said = `${video.multiplier} times the views that this account’s posts usually have`;
  return (
    <span className={`acc-chip acc-outlier acc-outlier-${level}`} title={said}>
      <span aria-hidden="true">{video.multiplier}x</span>
      <span className="unseen">{said}</span>
    </span>
  );
}
