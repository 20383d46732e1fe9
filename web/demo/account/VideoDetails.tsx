import { useEffect, useMemo, useState } from 'react';
import type { TrackedVideo } from '../../src/account';
import { LineChart } from '../../src/chartsEntry';
import { trackingJobError } from '../../src/errors';
import type { VideoHistoryPoint } from '../../src/history';
import { Count } from '../Count';
import { Change } from './Change';
import { type LoadVideoHistory, VIDEO_DAYS } from './useAccountData';

type Loaded =
  | { status: 'loading' }
  | { status: 'failed'; sentence: string }
  | { status: 'ready'; points: readonly VideoHistoryPoint[] };

interface VideoDetailsProps {
  id: string;
  video: TrackedVideo;
  loadHistory: LoadVideoHistory;
}

/** Show a post's views by day, and the counts that have no room in its row. */
export function VideoDetails({ id, video, loadHistory }: VideoDetailsProps) {
  const [tries, setTries] = useState(0);
  const [loaded, setLoaded] = useState<Loaded>({ status: 'loading' });
  const videoId = video.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a further try loads again
  useEffect(() => {
    let isWanted = true;
    loadHistory(videoId).then(
      (points) => isWanted && setLoaded({ status: 'ready', points }),
      (thrown) => isWanted && setLoaded({ status: 'failed', sentence: trackingJobError(thrown).message }),
    );
    return () => {
      isWanted = false;
    };
  }, [loadHistory, videoId, tries]);
  const points = loaded.status === 'ready' ? loaded.points : null;
  const series = useMemo(() => seriesOf(points ?? []), [points]);

  function again(): void {
    setLoaded({ status: 'loading' });
    setTries(tries + 1);
  }

  return (
    <div id={id} className="acc-details" aria-busy={loaded.status === 'loading'}>
      {loaded.status === 'loading' && (
        <>
          <p className="unseen">Loading…</p>
          <span className="shape acc-chart-shape" aria-hidden="true" />
        </>
      )}
      {loaded.status === 'failed' && (
        <div className="acc-retry">
          <p className="problem" role="alert">
            The history could not be loaded. {loaded.sentence}
          </p>
          <button type="button" className="secondary" onClick={again}>
            Try again
          </button>
        </div>
      )}
      {series && (
        <LineChart title={`Views in the last ${VIDEO_DAYS} days`} series={series} className="acc-small-chart" />
      )}
      {loaded.status === 'ready' && !series && (
        <p className="detail">No views by day are known. Each refresh adds those of its day.</p>
      )}
      <ul className="acc-counts">
        <Fact label="1 day">
          <Change value={video.d1} of="views in 1 day" />
        </Fact>
        <Fact label="After 24 hours">
          <Count value={video.viewsAt24h} unit={['view after 24 hours', 'views after 24 hours']} />
        </Fact>
        <Fact label="After 7 days">
          <Count value={video.viewsAt7d} unit={['view after 7 days', 'views after 7 days']} />
        </Fact>
        <Fact label="Shares">
          <Count value={video.shareCount} unit={['share', 'shares']} />
        </Fact>
        <Fact label="Saves">
          <Count value={video.saveCount} unit={['save', 'saves']} />
        </Fact>
      </ul>
    </div>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <li>
      <span className="acc-period" aria-hidden="true">
        {label}
      </span>
      {children}
    </li>
  );
}

/** The views from the first day that has a point. Null without any. */
function seriesOf(points: readonly VideoHistoryPoint[]) {
  const first = points.findIndex(({ views }) => views !== null);
  const known = points.slice(first).map(({ day, views }) => ({ day, value: views }));
  return first < 0 ? null : [{ name: 'Views', points: known }];
}
