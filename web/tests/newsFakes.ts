/** Endpoints, deliveries and settings in memory, and the calls that return them: for the gallery and the tests of news. */

import { TrackingJobError } from '../src/errors';
import {
  type DeliveryAttempt,
  type EndpointHealth,
  type NewsSource,
  type NotificationSettings,
  TEST_TYPE,
  type WebhookDelivery,
  type WebhookEndpoint,
  type WebhookSecret,
} from '../src/news';
import type { NewsAccess } from '../src/news/newsAccess';
import { DEFAULT_SETTINGS } from '../src/notificationSettings';
import type { OnError } from '../src/retryingListener';
import type { Connection } from '../src/sharedJobListener';
import type { Newest } from '../src/watchNewest';

export const NEWS_SOURCE = {} as NewsSource;
export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKY0=';

const SECOND_MS = 1_000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

export function secondsAgo(seconds: number): Date {
  return new Date(Date.now() - seconds * SECOND_MS);
}

export function daysAgo(days: number): Date {
  return new Date(Date.now() - days * DAY_MS);
}

/** The health of an endpoint that delivers. */
export function makeHealth(fields: Partial<EndpointHealth> = {}): EndpointHealth {
  return {
    failingSince: null,
    failures: 0,
    lastStatus: 200,
    lastError: null,
    lastAttemptAt: secondsAgo(95),
    lastDeliveredAt: secondsAgo(95),
    offReason: null,
    offAt: null,
    ...fields,
  };
}

export function makeEndpoint(fields: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return {
    id: 'endpoint1',
    url: 'https://hooks.example.com/tracking',
    description: '',
    eventTypes: [],
    projectIds: [],
    enabled: true,
    secretVersion: 1,
    secretRotatedAt: null,
    createdBy: 'ada',
    createdAt: daysAgo(12),
    health: makeHealth(),
    ...fields,
  };
}

export function makeAttempt(fields: Partial<DeliveryAttempt> = {}): DeliveryAttempt {
  return { at: secondsAgo(94), status: 200, error: null, ms: 132, ...fields };
}

export function makeDelivery(fields: Partial<WebhookDelivery> = {}): WebhookDelivery {
  return {
    id: 'hVbT5s0mXkq1-1-3f0c9a-completed',
    type: 'tracking.job.completed',
    projectId: 'project1',
    trigger: 'event',
    state: 'delivered',
    createdAt: secondsAgo(95),
    attempt: 1,
    nextAttemptAt: null,
    attempts: [makeAttempt()],
    ...fields,
  };
}

/** A delivery that has failed for good. */
export function makeFailed(fields: Partial<WebhookDelivery> = {}): WebhookDelivery {
  return makeDelivery({
    id: 'failed1',
    type: 'tracking.video.published',
    state: 'failed',
    createdAt: secondsAgo(3_600),
    attempt: 2,
    attempts: [
      makeAttempt({ at: secondsAgo(3_599), status: 503, ms: 211 }),
      makeAttempt({ at: secondsAgo(3_593), status: null, error: 'timeout', ms: 15_000 }),
    ],
    ...fields,
  });
}

interface Watcher<T> {
  send: (value: T) => void;
  fail: OnError;
}

type Action = Exclude<keyof NewsAccess, 'watchEndpoints' | 'watchDeliveries' | 'watchNotificationSettings'>;

/**
 * The calls of `account-tracking/news` on lists in memory. What is undefined is still loading. `failing` makes calls
 * reject, `hanging` makes them wait for ever, and `calls` has all that were made.
 */
export class FakeNews implements NewsAccess {
  endpoints: WebhookEndpoint[] | undefined;
  deliveries: WebhookDelivery[] | undefined;
  settings: NotificationSettings | undefined;
  error: TrackingJobError | undefined;
  connection: Connection = 'live';
  readonly failing = new Map<Action, TrackingJobError>();
  readonly hanging = new Set<Action>();
  readonly calls: [Action, ...unknown[]][] = [];
  readonly #watchers = new Set<() => void>();
  #tests = 0;

  constructor(fields: Partial<Pick<FakeNews, 'endpoints' | 'deliveries' | 'settings' | 'error' | 'connection'>> = {}) {
    Object.assign(this, fields);
  }

  /** The number of open listeners. */
  get listeners(): number {
    return this.#watchers.size;
  }

  /** Tell every listener what there is now. */
  emit(): void {
    for (const send of [...this.#watchers]) {
      send();
    }
  }

  changeDelivery(id: string, changes: Partial<WebhookDelivery>): void {
    this.deliveries = this.deliveries?.map((delivery) => (delivery.id === id ? { ...delivery, ...changes } : delivery));
    this.emit();
  }

  watchEndpoints: NewsAccess['watchEndpoints'] = (_source, _orgId, send, fail = () => {}) =>
    this.#watch({ send, fail }, () => this.endpoints && this.#newest(this.endpoints, Number.POSITIVE_INFINITY));

  watchDeliveries: NewsAccess['watchDeliveries'] = (
    _source,
    _orgId,
    _endpointId,
    { states, limit = 50 },
    send,
    fail = () => {},
  ) =>
    this.#watch({ send, fail }, () => {
      const found = this.deliveries?.filter(({ state }) => !states || states.includes(state));
      return found && this.#newest(found, limit);
    });

  watchNotificationSettings: NewsAccess['watchNotificationSettings'] = (_source, _orgId, send, fail = () => {}) =>
    this.#watch({ send, fail }, () => this.settings);

  addEndpoint: NewsAccess['addEndpoint'] = async (_source, _orgId, endpoint) => {
    await this.#act('addEndpoint', endpoint);
    const id = `added${this.endpoints?.length ?? 0}`;
    const { eventTypes = [], projectIds = [], ...rest } = endpoint;
    const lists = { eventTypes: [...eventTypes], projectIds: [...projectIds] };
    this.endpoints = [...(this.endpoints ?? []), makeEndpoint({ id, health: null, ...rest, ...lists })];
    this.emit();
    return id;
  };

  changeEndpoint: NewsAccess['changeEndpoint'] = async (_source, _orgId, id, changes) => {
    await this.#act('changeEndpoint', id, changes);
    const { eventTypes, projectIds, ...rest } = changes;
    this.endpoints = this.endpoints?.map((endpoint) =>
      endpoint.id === id
        ? {
            ...endpoint,
            ...rest,
            ...(eventTypes && { eventTypes: [...eventTypes] }),
            ...(projectIds && { projectIds: [...projectIds] }),
            ...(changes.enabled && { health: null }),
          }
        : endpoint,
    );
    this.emit();
  };

  removeEndpoint: NewsAccess['removeEndpoint'] = async (_source, _orgId, id) => {
    await this.#act('removeEndpoint', id);
    this.endpoints = this.endpoints?.filter((endpoint) => endpoint.id !== id);
    this.emit();
  };

  rotateSecret: NewsAccess['rotateSecret'] = async (_source, _orgId, id) => {
    await this.#act('rotateSecret', id);
    this.endpoints = this.endpoints?.map((endpoint) =>
      endpoint.id === id
        ? { ...endpoint, secretVersion: endpoint.secretVersion + 1, secretRotatedAt: new Date() }
        : endpoint,
    );
    this.emit();
  };

  revealSecret: NewsAccess['revealSecret'] = async (_source, _orgId, id): Promise<WebhookSecret> => {
    await this.#act('revealSecret', id);
    const rotatedAt = this.endpoints?.find((endpoint) => endpoint.id === id)?.secretRotatedAt;
    const isRotated = rotatedAt && rotatedAt > daysAgo(1);
    return {
      secret: isRotated ? SECRET.replace('MfKQ', 'nEw7') : SECRET,
      previousSecret: isRotated ? SECRET : null,
      previousUntil: isRotated ? new Date(rotatedAt.getTime() + DAY_MS) : null,
    };
  };

  replayDelivery: NewsAccess['replayDelivery'] = async (_source, _orgId, endpointId, deliveryId) => {
    await this.#act('replayDelivery', endpointId, deliveryId);
    this.changeDelivery(deliveryId, { state: 'pending', trigger: 'replay', attempt: 0, nextAttemptAt: new Date() });
  };

  replayDeliveries: NewsAccess['replayDeliveries'] = async (_source, _orgId, endpointId, { since }) => {
    await this.#act('replayDeliveries', endpointId, { since });
    const found = (this.deliveries ?? []).filter(
      ({ state, type, createdAt }) =>
        (state === 'failed' || state === 'skipped') && type !== TEST_TYPE && createdAt && createdAt >= since,
    );
    for (const { id } of found) {
      this.changeDelivery(id, { state: 'pending', trigger: 'replay', attempt: 0, nextAttemptAt: new Date() });
    }
    return found.length;
  };

  sendTest: NewsAccess['sendTest'] = async (_source, _orgId, endpointId) => {
    await this.#act('sendTest', endpointId);
    this.#tests += 1;
    const id = `test${this.#tests}`;
    const test = { type: TEST_TYPE, projectId: null, trigger: 'test', state: 'pending' } as const;
    const times = { createdAt: new Date(), nextAttemptAt: new Date(), attempt: 0, attempts: [] };
    this.deliveries = [makeDelivery({ id, ...test, ...times }), ...(this.deliveries ?? [])];
    this.emit();
    return id;
  };

  saveNotificationSettings: NewsAccess['saveNotificationSettings'] = async (_source, _orgId, settings) => {
    await this.#act('saveNotificationSettings', settings);
    this.settings = { ...settings };
    this.emit();
  };

  async #act(action: Action, ...details: unknown[]): Promise<void> {
    this.calls.push([action, ...details]);
    if (this.hanging.has(action)) {
      await new Promise(() => {});
    }
    const error = this.failing.get(action);
    if (error) {
      throw error;
    }
  }

  #newest<T>(items: readonly T[], limit: number): Newest<T> {
    return { items: items.slice(0, limit), hasMore: items.length > limit, connection: this.connection };
  }

  #watch<T>({ send, fail }: Watcher<T>, find: () => T | undefined): () => void {
    const tell = () => {
      if (this.error) {
        fail(this.error);
        return;
      }
      const found = find();
      if (found !== undefined) {
        send(found);
      }
    };
    this.#watchers.add(tell);
    tell();
    return () => this.#watchers.delete(tell);
  }
}

export function makeSettings(fields: Partial<NotificationSettings> = {}): NotificationSettings {
  return { ...DEFAULT_SETTINGS, projectIds: [], ...fields };
}

export const OFFLINE = new TrackingJobError('offline');
export const REFUSED = new TrackingJobError('not-allowed');
