import { TrackingJobService, TrackingJobsPanel, TrackingProvider } from 'account-tracking';
import { checkUsername } from 'account-tracking/username';
import { initializeApp } from 'firebase/app';
import { getAuth } from 'firebase/auth';
import { getFirestore } from 'firebase/firestore';

const app = initializeApp({ projectId: 'demo-consumer', apiKey: 'any' });
const service = TrackingJobService.setUp({ firestore: getFirestore(app), auth: getAuth(app) });

export function App() {
  return (
    <TrackingProvider service={service} orgId="acme" projectId="spring">
      <p>{checkUsername('not a name', 'instagram')}</p>
      <TrackingJobsPanel onJobCompleted={(accountId) => console.log(accountId)} />
    </TrackingProvider>
  );
}
