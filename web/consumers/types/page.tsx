/** A page as README.md describes it. */

import { TrackingJobError, TrackingJobService, TrackingJobsPanel, TrackingProvider } from 'account-tracking';
import { growthOver, LineChart, type Point, postingTimes, toCsv } from 'account-tracking/charts';
import { germanChartLabels, germanLabels, germanNewsLabels } from 'account-tracking/de';
import { type AccountHistory, getVideoHistory, type VideoHistoryPoint, watchHistory } from 'account-tracking/history';
import {
  addEndpoint,
  type DeliveryState,
  type NewsSource,
  type NotificationSettings,
  revealSecret,
  saveNotificationSettings,
  watchDeliveries,
} from 'account-tracking/news';
import { type NewsLabels, NotificationPreferences, WebhookEndpoints } from 'account-tracking/news-panel';
import { TrackingJobsPanel as SamePanel, type TrackingScope } from 'account-tracking/panel';
import { type JobSource, type TrackingJob, watchAccounts } from 'account-tracking/service';
import { checkUsername, PLATFORMS, platformOf } from 'account-tracking/username';
import 'account-tracking/charts.css';
import 'account-tracking/news.css';
import 'account-tracking/style.css';
import type { Auth } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';
import { useEffect, useState } from 'react';

export function connect(firestore: Firestore, auth: Auth): TrackingScope {
  const service: JobSource = TrackingJobService.setUp({ firestore, auth, triggerUrl: 'https://example.com/trigger' });
  const stop = watchAccounts({ firestore, auth }, { orgId: 'acme', projectId: 'spring' }, ({ items, connection }) =>
    console.log(items[0]?.displayName, connection),
  );
  stop();
  return { service, orgId: 'acme', projectId: 'spring' };
}

/** As in docs/react.md. */
export function useHistory(firestore: Firestore, accountId: string, days: number): AccountHistory | null {
  const [history, setHistory] = useState<AccountHistory | null>(null);
  useEffect(
    () => watchHistory({ firestore }, { orgId: 'acme', projectId: 'spring', accountId, days }, setHistory),
    [firestore, accountId, days],
  );
  return history;
}

/** As in docs/news-panel.md. */
export function NewsPage({ firestore, auth }: { firestore: Firestore; auth: Auth }) {
  const [source] = useState(() => ({ firestore, auth, newsUrl: 'https://example.com' }));
  const labels: Partial<NewsLabels> = germanNewsLabels;
  return (
    <>
      <NotificationPreferences source={source} orgId="acme" projects={[{ id: 'spring', name: 'Spring' }]} />
      <WebhookEndpoints source={source} orgId="acme" labels={labels} hrefOf={(id) => `#/webhooks/${id ?? ''}`} />
    </>
  );
}

export async function viewsOf(firestore: Firestore, accountId: string, videoId: string): Promise<(number | null)[]> {
  const scope = { orgId: 'acme', projectId: 'spring', accountId };
  const histories = await getVideoHistory({ firestore }, { ...scope, videoIds: [videoId] });
  return (histories.get(videoId) ?? []).map(({ views }: VideoHistoryPoint) => views);
}

export function tell(thrown: unknown): string {
  if (thrown instanceof TrackingJobError && thrown.code === 'already-tracked') {
    return `${thrown.message} (${thrown.jobId})`;
  }
  return String(thrown);
}

export const oldPage = (job: TrackingJob | null): string => job?.message ?? '';
TrackingJobService.watchJob('job', oldPage);

const ownSource: JobSource = {
  watchProjectJobs: (_orgId, _projectId, onJobs) => {
    onJobs([], 'live');
    return () => {};
  },
  retryJob: async () => {},
  cancelJob: async () => {},
};

/** As in docs/news.md. */
export async function addWebhook(source: NewsSource, orgId: string, url: string): Promise<string> {
  const endpointId = await addEndpoint(source, orgId, { url, eventTypes: ['tracking.job.completed'] });
  const states: DeliveryState[] = ['failed', 'skipped'];
  const stop = watchDeliveries(source, orgId, endpointId, { states }, ({ items, hasMore }) =>
    console.log(items[0]?.attempts.at(-1)?.error, hasMore),
  );
  stop();
  return (await revealSecret(source, orgId, endpointId)).secret;
}

export function saveMails(source: NewsSource, orgId: string, settings: NotificationSettings): Promise<void> {
  return saveNotificationSettings(source, orgId, { ...settings, email: 'daily', hour: 8 });
}

export function GermanPage({ orgId, projectId }: TrackingScope) {
  return (
    <TrackingProvider service={ownSource} orgId={orgId} projectId={projectId} labels={germanLabels} locale="de-CH">
      <TrackingJobsPanel labels={{ title: 'Konten' }} />
    </TrackingProvider>
  );
}

export function Followers({ points }: { points: readonly Point[] }) {
  const { absolute, percent } = growthOver(points, 7);
  const csv = toCsv([['day', 'followers'], ...points.map(({ day, value }) => [day, value])]);
  const busiest: number = Math.max(...postingTimes([new Date(), null], 'Europe/Berlin').flat());
  return (
    <>
      <p>{`${absolute ?? '-'} ${percent?.toFixed(1) ?? ''} ${csv.length} ${busiest}`}</p>
      <LineChart title="Follower" series={[{ name: 'Follower', points }]} labels={germanChartLabels} steps />
    </>
  );
}

export function Page(scope: TrackingScope) {
  const typed = '@nasa';
  return (
    <TrackingProvider service={TrackingJobService} orgId={scope.orgId} projectId={scope.projectId}>
      <p>{checkUsername(typed, platformOf(typed) ?? PLATFORMS[0] ?? 'tiktok')}</p>
      <TrackingJobsPanel />
      <SamePanel {...scope} />
    </TrackingProvider>
  );
}
