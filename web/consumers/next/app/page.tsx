/** A server component: it imports the panel and charts themselves, the form's checks, and functions of charts. */

import { PLATFORM_LABELS, TrackingJobsPanel } from 'account-tracking';
import { BarChart, growthOver, HeatMap, postingTimes } from 'account-tracking/charts';
import { checkUsername } from 'account-tracking/username';
import { Tracking } from './Tracking';

const points = [
  { day: '2026-11-29', value: 20 },
  { day: '2026-11-30', value: -4 },
];

export default function Page() {
  return (
    <Tracking>
      <p>{checkUsername('not a name', 'instagram')}</p>
      <p>{Object.values(PLATFORM_LABELS).join()}</p>
      <p>{growthOver(points, 1).absolute}</p>
      <BarChart title="New followers" points={points} />
      <HeatMap title="Posts" counts={postingTimes([new Date('2026-11-30T18:00:00Z')], 'Europe/Berlin')} />
      <TrackingJobsPanel />
    </Tracking>
  );
}
