import { useMemo } from 'react';
import { HeatMap, postingTimes } from '../../src/chartsEntry';
import { full } from '../format';
import type { Videos, Watched } from './useAccountData';

/** Draw on which hours of the week the account posts, by the clock of whoever looks at it. */
export function PostingTimes({ videos }: { videos: Watched<Videos> }) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const items = videos.status === 'ready' ? videos.value.items : null;
  const dates = useMemo(() => items?.map(({ publishedAt }) => publishedAt).filter((date) => date !== null), [items]);
  const counts = useMemo(() => postingTimes(dates ?? [], timeZone), [dates, timeZone]);
  return (
    <section className="card acc-card" aria-labelledby="acc-times" aria-busy={videos.status === 'loading'}>
      <div className="acc-card-head">
        <h3 id="acc-times">Posting times</h3>
      </div>
      {videos.status === 'loading' && (
        <>
          <p className="unseen">Loading…</p>
          <span className="shape acc-chart-shape" aria-hidden="true" />
        </>
      )}
      {videos.status === 'failed' && <p className="empty">They are known once the posts could be loaded.</p>}
      {videos.status === 'ready' && <HeatMap title="Posts by weekday and hour" counts={counts} />}
      <p className="detail acc-note">
        {dates &&
          dates.length > 0 &&
          `${dates.length === 1 ? 'The newest post' : `The newest ${full(dates.length)} posts`}. `}
        Hours are those of your time zone, {timeZone.replaceAll('_', ' ')}.
      </p>
    </section>
  );
}
