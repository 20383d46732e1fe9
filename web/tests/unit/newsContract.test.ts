/** The front end knows webhooks, events and settings as contracts/{webhooks,events,notifications}.json say. */

import { type DocumentSnapshot, Timestamp } from 'firebase/firestore';
import { describe, expect, test } from 'vitest';
import events from '../../../contracts/events.json';
import settings from '../../../contracts/notifications.json';
import webhooks from '../../../contracts/webhooks.json';
import * as news from '../../src/news';
import { DEFAULT_SETTINGS, readSettings } from '../../src/notificationSettings';
import {
  deliveriesPath,
  endpointPath,
  newEndpointFields,
  readDelivery,
  readEndpoint,
  replayFields,
  rotationFields,
  testFields,
} from '../../src/webhookDocuments';

const AT = Timestamp.fromMillis(Date.UTC(2026, 10, 30, 9, 15));
const DAY_MS = 24 * 60 * 60 * 1000;
const { endpoint, delivery } = webhooks;

/** A value of each type in the contract's notation, and what it is read as. */
const VALUES: Readonly<Record<string, unknown>> = {
  string: 'text',
  int: 3,
  bool: true,
  timestamp: AT,
  'string[]': ['a', 'b'],
  'int[]': [1, 3],
};
/** Fields with a vocabulary of their own. */
const WORDS: Readonly<Record<string, string>> = {
  state: 'failed',
  trigger: 'replay',
  error: 'dns',
  lastError: 'tls',
  offReason: 'gone',
  email: 'weekly',
  timezone: 'Europe/Berlin',
};
/** Fields that pages have no use for. */
const UNREAD = ['updatedAt', 'told', 'slow', 'notBefore', 'recoveredAt', 'expireAt', 'lastSeenAt'];

/** Make a document with a value in each of the contract's fields. */
function whole(fields: Readonly<Record<string, string>>, maps: Readonly<Record<string, unknown>> = {}): object {
  const entries = Object.entries(fields).map(([name, type]) => {
    const plain = type.replace('?', '');
    return [name, WORDS[name] ?? maps[plain] ?? VALUES[plain]];
  });
  return Object.fromEntries(entries);
}

function snapshot(document: object | undefined, id = 'one'): DocumentSnapshot {
  return { id, data: () => document } as unknown as DocumentSnapshot;
}

/** The document as it is read: moments as dates, and without what pages do not read. */
function read(document: object): unknown {
  return JSON.parse(JSON.stringify(document), (key, value) => {
    if (UNREAD.includes(key)) {
      return undefined;
    }
    return value?.seconds === undefined ? value : new Timestamp(value.seconds, value.nanoseconds).toDate();
  });
}

const { url: _url, ...health } = endpoint.health; // of the endpoint, pages read another `url`
const ENDPOINT = whole(endpoint.fields, { health: whole(health) });
const DELIVERY = whole(delivery.fields, { 'attempt[]': [whole(delivery.attempt)] });
const SETTINGS = whole(settings.fields);

test('the vocabularies are the contract’s', () => {
  expect(news.EVENT_TYPES.toSorted()).toEqual(Object.keys(events.types).toSorted());
  expect([webhooks.test.type, webhooks.replay.notOf]).toEqual([news.TEST_TYPE, news.TEST_TYPE]);
  expect(news.DELIVERY_STATES).toEqual(delivery.states);
  expect(news.DELIVERY_TRIGGERS).toEqual(delivery.triggers);
  expect(news.DELIVERY_ERRORS).toEqual(delivery.errors);
  expect(news.OFF_REASONS).toEqual(endpoint.offReasons);
  expect(news.REPLAYABLE).toEqual(webhooks.replay.from);
  expect(news.EMAIL_CADENCES).toEqual(settings.cadences);
});

test('the limits are the contract’s', () => {
  expect(news.MAX_ENDPOINTS).toBe(webhooks.mostEndpoints);
  expect(news.NEWS_LIMITS).toEqual({ ...endpoint.limits, ...settings.limits });
});

test('the documents are where the contract says', () => {
  expect(endpointPath('{orgId}', '{endpointId}')).toBe(endpoint.document);
  expect(`${deliveriesPath('{orgId}', '{endpointId}')}/{eventId}`).toBe(delivery.document);
});

describe('every field is read', () => {
  test('of an endpoint', () => {
    expect(readEndpoint(snapshot(ENDPOINT, 'e1'))).toEqual({ id: 'e1', ...(read(ENDPOINT) as object) });
  });

  test('of a delivery', () => {
    expect(readDelivery(snapshot(DELIVERY, 'd1'))).toEqual({ id: 'd1', ...(read(DELIVERY) as object) });
  });

  test('of the settings', () => {
    expect(readSettings(snapshot(SETTINGS))).toEqual(read(SETTINGS));
  });
});

const EMPTY_ENDPOINT: news.WebhookEndpoint = {
  id: 'one',
  url: '',
  description: '',
  eventTypes: [],
  projectIds: [],
  enabled: false,
  secretVersion: 0,
  secretRotatedAt: null,
  createdBy: '',
  createdAt: null,
  health: null,
};
const EMPTY_HEALTH: news.EndpointHealth = {
  failingSince: null,
  failures: 0,
  lastStatus: null,
  lastError: null,
  lastAttemptAt: null,
  lastDeliveredAt: null,
  offReason: null,
  offAt: null,
};
const EMPTY_DELIVERY: news.WebhookDelivery = {
  id: 'one',
  type: '',
  projectId: null,
  trigger: 'event',
  state: 'failed',
  createdAt: null,
  attempt: 0,
  nextAttemptAt: null,
  attempts: [],
};

/** Make a document whose fields all have a value of a wrong type. */
function odd(fields: object, value: unknown): object {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, value]));
}

/** Documents may be written by hand. */
describe.each([5, 'text', ['x'], { a: 1 }, null, undefined, Number.NaN])('a document of nothing but %j', (value) => {
  const isText = typeof value === 'string';
  const isNumber = value === 5;
  const isList = Array.isArray(value);

  test('is read as an endpoint', () => {
    expect(readEndpoint(snapshot(odd(endpoint.fields, value)))).toEqual({
      ...EMPTY_ENDPOINT,
      ...(isText && { url: 'text', description: 'text', createdBy: 'text' }),
      ...(isNumber && { secretVersion: 5 }),
      ...(isList && { eventTypes: ['x'], projectIds: ['x'] }),
      ...(typeof value === 'object' && value !== null && { health: EMPTY_HEALTH }),
    });
  });

  test('is read as an endpoint’s health', () => {
    expect(readEndpoint(snapshot({ health: odd(endpoint.health, value) })).health).toEqual({
      ...EMPTY_HEALTH,
      ...(isNumber && { failures: 5, lastStatus: 5 }),
    });
  });

  test('is read as a delivery', () => {
    const document = { ...odd(delivery.fields, value), attempts: [odd(delivery.attempt, value), value] };
    expect(readDelivery(snapshot(document))).toEqual({
      ...EMPTY_DELIVERY,
      ...(isText && { type: 'text', projectId: 'text' }),
      ...(isNumber && { attempt: 5 }),
    });
    expect(readDelivery(snapshot(odd(delivery.fields, value))).attempts).toEqual([]);
  });

  test('is read as settings', () => {
    expect(readSettings(snapshot(odd(settings.fields, value)))).toEqual({
      ...DEFAULT_SETTINGS,
      ...(isText && { timezone: 'text' }),
      ...(isNumber && { hour: 5 }),
      ...(isList && { projectIds: ['x'] }),
    });
  });
});

test('what is no text in a list is left out', () => {
  const list = ['a', 5, null, { b: 'c' }, 'd'];
  expect(readEndpoint(snapshot({ eventTypes: list, projectIds: list }))).toMatchObject({
    eventTypes: ['a', 'd'],
    projectIds: ['a', 'd'],
  });
  expect(readSettings(snapshot({ projectIds: list })).projectIds).toEqual(['a', 'd']);
});

test('a missing document has the contract’s defaults', () => {
  expect(readSettings(snapshot(undefined))).toEqual(read(settings.defaults));
  expect(DEFAULT_SETTINGS).toEqual(read(settings.defaults));
  expect(readEndpoint(snapshot(undefined))).toEqual(EMPTY_ENDPOINT);
  expect(readDelivery(snapshot(undefined))).toEqual(EMPTY_DELIVERY);
});

test.each([24, -1, 7.5])('%j is no hour', (hour) => {
  expect(readSettings(snapshot({ hour })).hour).toBe(settings.defaults.hour);
});

/** Replace the fields that the server fills with `now`, as the contract writes it. */
function written(fields: object): object {
  const isNow = (value: unknown) =>
    typeof value === 'object' && value !== null && '_methodName' in value && value._methodName === 'serverTimestamp';
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, isNow(value) ? 'now' : value]));
}

describe('pages write', () => {
  test('every field of a new endpoint', () => {
    const chosen = ['url', 'description', 'eventTypes', 'projectIds'];
    const fields = written(newEndpointFields('olga'));
    expect([...chosen, ...Object.keys(fields)].sort()).toEqual(Object.keys(endpoint.fields).sort());
    expect(fields).toEqual({
      enabled: true,
      secretVersion: 1,
      secretRotatedAt: null,
      createdBy: 'olga',
      createdAt: 'now',
      updatedAt: 'now',
      health: null,
    });
  });

  test('the next version of a secret', () => {
    expect(written(rotationFields(4))).toEqual({ secretVersion: 5, secretRotatedAt: 'now', updatedAt: 'now' });
  });

  test('a test', () => {
    const { expireAt, ...fields } = testFields();
    const days = (expireAt.toMillis() - Date.now()) / DAY_MS;
    expect(days).toBeGreaterThan(29);
    expect(days).toBeLessThan(31);
    expect(written({ ...fields, expireAt: webhooks.test.document.expireAt })).toEqual(webhooks.test.document);
  });

  test('a replay', () => {
    expect(written(replayFields())).toEqual(webhooks.replay.changes);
  });
});
