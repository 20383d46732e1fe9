/** Scenes of the pages of news. */

import type { ReactElement } from 'react';
import { DeliveryLog } from '../../src/news/DeliveryLog';
import { NotificationPreferences } from '../../src/news/NotificationPreferences';
import { germanNewsLabels } from '../../src/news/newsLabels.de';
import { WebhookEndpoints, type WebhookEndpointsProps } from '../../src/news/WebhookEndpoints';
import {
  daysAgo,
  FakeNews,
  makeAttempt,
  makeDelivery,
  makeEndpoint,
  makeFailed,
  makeHealth,
  makeSettings,
  NEWS_SOURCE,
  OFFLINE,
  REFUSED,
  secondsAgo,
} from '../newsFakes';

interface NewsScene {
  page: ReactElement;
  /** Buttons and choices that are clicked, by the beginnings of their names. */
  clicks?: string[];
  /** Typed into the field of the address. */
  types?: string;
}

const PROJECTS = [
  { id: 'project1', name: 'Space brands' },
  { id: 'project2', name: 'Competitors of the autumn campaign' },
  { id: 'project3', name: 'Creators' },
];
const page = { source: NEWS_SOURCE, orgId: 'org', projects: PROJECTS };

const LONG_URL =
  'https://a-very-long-name-of-a-machine.integrations.example.com/v2/organisations/4711/hooks/incoming?token=abcdefghijklmnopqrstuvwxyz';

const failing = makeEndpoint({
  id: 'failing',
  url: 'https://api.example.org/hooks/accounts',
  description: 'Warehouse',
  eventTypes: ['tracking.account.spike', 'tracking.account.milestone', 'tracking.video.outlier'],
  projectIds: ['project1', 'project3'],
  health: makeHealth({ failingSince: daysAgo(2), failures: 7, lastStatus: 503, lastDeliveredAt: daysAgo(2.1) }),
});
const noHost = makeEndpoint({
  id: 'noHost',
  url: 'https://old.example.net/in',
  health: makeHealth({
    failingSince: secondsAgo(4_000),
    failures: 3,
    lastStatus: null,
    lastError: 'dns',
    lastDeliveredAt: null,
  }),
});
const offFailing = makeEndpoint({
  id: 'offFailing',
  url: 'https://legacy.example.com/webhook',
  enabled: false,
  health: makeHealth({
    failingSince: daysAgo(14),
    offReason: 'failing',
    offAt: daysAgo(9),
    lastStatus: 500,
    lastDeliveredAt: daysAgo(14),
  }),
});
const offGone = makeEndpoint({
  id: 'offGone',
  url: 'https://gone.example.com/webhook',
  enabled: false,
  health: makeHealth({ offReason: 'gone', offAt: daysAgo(3), lastStatus: 410, lastDeliveredAt: daysAgo(3.2) }),
});
const offByHand = makeEndpoint({ id: 'offByHand', url: 'https://staging.example.com/webhook', enabled: false });
const fresh = makeEndpoint({
  id: 'fresh',
  url: LONG_URL,
  description:
    'A new receiver, whose description is as long as people make them when nobody stops them at forty letters',
  health: null,
});
const good = makeEndpoint({ description: 'Production' });
const all = [good, failing, noHost, offFailing, offGone, offByHand, fresh];

const retrying = makeDelivery({
  id: 'nB2kq0-1-77aa01-spike',
  type: 'tracking.account.spike',
  state: 'pending',
  createdAt: secondsAgo(1_000),
  attempt: 3,
  nextAttemptAt: secondsAgo(-1_400),
  attempts: [
    makeAttempt({ at: secondsAgo(999), status: 503, ms: 41 }),
    makeAttempt({ at: secondsAgo(993), status: null, error: 'timeout', ms: 15_000 }),
    makeAttempt({ at: secondsAgo(690), status: null, error: 'tls', ms: 320 }),
  ],
});
const log = [
  makeDelivery({ id: 'now', type: 'webhook.test', projectId: null, trigger: 'test', createdAt: secondsAgo(20) }),
  retrying,
  makeDelivery({ id: 'new', type: 'tracking.account.upgraded', createdAt: secondsAgo(1_900) }), // not known here
  makeFailed(),
  makeFailed({ id: 'failed2', type: 'tracking.job.failed', trigger: 'replay', createdAt: daysAgo(1) }),
  makeDelivery({
    id: 'skipped',
    state: 'skipped',
    type: 'tracking.video.vanished',
    attempts: [],
    createdAt: daysAgo(2),
  }),
  makeDelivery({ id: 'old', type: 'tracking.account.unavailable', createdAt: daysAgo(6) }),
];
const many = Array.from({ length: 120 }, (_, number) =>
  makeDelivery({
    id: `hVbT5s0mXkq${number}-1-3f0c9a${number}-completed`,
    createdAt: secondsAgo(600 * number),
    ...(number % 9 === 0 && { state: 'failed', attempts: [makeAttempt({ status: 500 })] }),
  }),
);

/** The calls, with some that fail or never end. */
function access(
  fields: ConstructorParameters<typeof FakeNews>[0],
  { failing: refused = [], hanging = [] }: { failing?: string[]; hanging?: string[] } = {},
): FakeNews {
  const news = new FakeNews(fields);
  for (const name of refused) {
    news.failing.set(name as 'sendTest', OFFLINE);
  }
  for (const name of hanging) {
    news.hanging.add(name as 'sendTest');
  }
  return news;
}

const list = (news: FakeNews, props: Partial<WebhookEndpointsProps> = {}) => (
  <WebhookEndpoints {...page} access={news} {...props} />
);
const opened = (endpoint = good, deliveries = log, options = {}, props: Partial<WebhookEndpointsProps> = {}) =>
  list(access({ endpoints: [endpoint], deliveries }, options), { endpointId: endpoint.id, onEndpoint() {}, ...props });
const mail = (settings = makeSettings(), options = {}) => (
  <NotificationPreferences {...page} access={access({ settings }, options)} />
);

export const NEWS_SCENES: Readonly<Record<string, NewsScene>> = {
  mail: { page: mail() },
  mailDaily: { page: mail(makeSettings({ email: 'daily', timezone: 'Europe/Berlin', projectIds: ['project2'] })) },
  mailOff: { page: mail(makeSettings({ email: 'off' })) },
  mailSaved: { page: mail(), clicks: ['Weekly'] },
  mailNoProject: { page: mail(), clicks: ['All'] },
  mailNotSaved: { page: mail(makeSettings(), { failing: ['saveNotificationSettings'] }), clicks: ['Daily'] },
  mailLoading: { page: <NotificationPreferences {...page} access={access({})} /> },
  mailFailed: { page: <NotificationPreferences {...page} access={access({ error: OFFLINE })} /> },
  mailGerman: {
    page: (
      <NotificationPreferences
        {...page}
        labels={germanNewsLabels}
        access={access({ settings: makeSettings({ email: 'weekly', alerts: true }) })}
      />
    ),
  },
  webhooks: { page: list(access({ endpoints: all, deliveries: [retrying] })) },
  webhooksGerman: { page: list(access({ endpoints: all, deliveries: [retrying] }), { labels: germanNewsLabels }) },
  webhooksEmpty: { page: list(access({ endpoints: [] })) },
  webhooksLoading: { page: list(access({})) },
  webhooksFailed: { page: list(access({ error: OFFLINE })) },
  webhooksRefused: { page: list(access({ error: REFUSED })) },
  webhooksStale: { page: list(access({ endpoints: [good], connection: 'reconnecting' })) },
  webhooksAdd: { page: list(access({ endpoints: [good] })), clicks: ['Add endpoint'] },
  webhooksAddWrong: {
    page: list(access({ endpoints: [] })),
    clicks: ['Add endpoint', 'All', 'Cancel', 'Add endpoint', 'Tracking', '+Add endpoint'],
    types: 'http://127.0.0.1',
  },
  webhooksAddFailed: {
    page: list(access({ endpoints: [] }, { failing: ['addEndpoint'] })),
    clicks: ['Add endpoint', '+Add endpoint'],
    types: 'https://example.com/hooks',
  },
  endpoint: { page: opened() },
  endpointFailing: { page: opened(failing), clicks: ['Waiting'] },
  endpointDetails: { page: opened(failing), clicks: ['WaitingUnusual', 'FailedVideos'] },
  endpointOff: { page: opened(offFailing), clicks: ['SkippedVideos'] },
  endpointLong: { page: opened(fresh, []) },
  endpointEdit: { page: opened(failing), clicks: ['Edit'] },
  endpointRemove: { page: opened(), clicks: ['Remove'] },
  endpointSecret: { page: opened(), clicks: ['Show secret'] },
  endpointNoSecret: { page: opened(good, log, { failing: ['revealSecret'] }), clicks: ['Show secret'] },
  endpointRotate: { page: opened(), clicks: ['Rotate secret'] },
  endpointRotated: {
    page: opened({ ...good, secretVersion: 2, secretRotatedAt: secondsAgo(7_200) }),
    clicks: ['Show secret'],
  },
  endpointTest: { page: opened(), clicks: ['Send test'] },
  endpointReplay: { page: opened(failing), clicks: ['Replay failed'] },
  endpointFiltered: { page: opened(good, log.slice(0, 1)), clicks: ['Failed'] },
  endpointMany: { page: opened(good, many) },
  endpointUnknown: { page: list(access({ endpoints: [good] }), { endpointId: 'gone', onEndpoint() {} }) },
  endpointGerman: {
    page: opened(failing, log, {}, { labels: germanNewsLabels }),
    clicks: ['WartetUngewöhnliches', 'Gescheiterte', 'Schlüssel wechseln'],
  },
  deliveryLog: {
    page: <DeliveryLog {...page} endpointId="endpoint1" access={access({ endpoints: [good], deliveries: log })} />,
  },
  deliveryLogLoading: { page: <DeliveryLog {...page} endpointId="endpoint1" access={access({})} /> },
};

/** Click and type what a scene asks for, in turn. A `+` before a name means the last one of that name. */
export async function playNews({ clicks = [], types }: NewsScene): Promise<void> {
  for (const click of clicks) {
    const isLast = click.startsWith('+');
    if (isLast && types) {
      type(types);
      await pause();
    }
    const name = click.replace(/^\+/, '');
    let found = controlsOf(name);
    for (let tries = 0; found.length === 0; tries += 1) {
      if (tries === MOST_TRIES) {
        throw new Error(`the scene has nothing named ${name}`);
      }
      await pause();
      found = controlsOf(name);
    }
    (isLast ? found.at(-1) : found[0])?.click();
    await pause();
  }
  await pause();
  document.body.dataset.sceneIsPlayed = 'true';
}

const MOST_TRIES = 100;
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

function controlsOf(name: string): HTMLElement[] {
  const controls = [...document.querySelectorAll<HTMLElement>('.tracking-news :is(button, label)')];
  return controls.filter(
    (control) => control.textContent?.startsWith(name) && control.getAttribute('aria-disabled') !== 'true',
  );
}

function type(text: string): void {
  const field = document.querySelector<HTMLInputElement>('.tracking-news input[type="url"]');
  if (field) {
    // As a person's typing, which React hears of.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
}
