/** A server component: it imports the panel itself, and the form's checks. */

import { PLATFORM_LABELS, TrackingJobsPanel } from 'account-tracking';
import { checkUsername } from 'account-tracking/username';
import { Tracking } from './Tracking';

export default function Page() {
  return (
    <Tracking>
      <p>{checkUsername('not a name', 'instagram')}</p>
      <p>{Object.values(PLATFORM_LABELS).join()}</p>
      <TrackingJobsPanel />
    </Tracking>
  );
}
