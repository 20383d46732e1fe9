import { TrackingJobService, TrackingJobsPanel, TrackingProvider } from 'account-tracking';
import { LineChart, Sparkline } from 'account-tracking/charts';
import { checkUsername } from 'account-tracking/username';
import { initializeApp } from 'firebase/app';
import { getAuth } from 'firebase/auth';
import { getFirestore } from 'firebase/firestore';

const app = initializeApp({ projectId: 'demo-consumer', apiKey: 'any' });
const service = TrackingJobService.setUp({ firestore: getFirestore(app), auth: getAuth(app) });

const points = [
  { day: '2026-11-28', value: 1200 },
  { day: '2026-11-29', value: null },
  { day: '2026-11-30', value: 1250 },
];
const series = [{ name: 'Followers', points }];

export function App() {
  return (
    <TrackingProvider service={service} orgId="acme" projectId="spring">
      <p>{checkUsername('not a name', 'instagram')}</p>
      <LineChart title="Followers" series={series} />
      <Sparkline title="Followers" points={points} />
      <TrackingJobsPanel onJobCompleted={(accountId) => console.log(accountId)} />
    </TrackingProvider>
  );
}
