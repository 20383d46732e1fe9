/** A page manages webhooks and its settings for mails on the emulator, under the real rules. */

import { Timestamp } from 'firebase/firestore';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  addEndpoint,
  changeEndpoint,
  type NewsSource,
  type NotificationSettings,
  noteSeen,
  removeEndpoint,
  replayDeliveries,
  replayDelivery,
  rotateSecret,
  saveNotificationSettings,
  sendTest,
  type WebhookDelivery,
  type WebhookEndpoint,
  watchDeliveries,
  watchEndpoints,
  watchNotificationSettings,
} from '../../src/newsEntry';
import type { TrackingJobError } from '../../src/service';
import type { Newest } from '../../src/watchNewest';
import { Harness, MEMBER, ORG, OWNER, Recorder, STRANGER } from './emulatorHarness';
import { SignIns } from './signIns';

vi.setConfig({ testTimeout: 60_000 });

let harness: Harness;
let owner: NewsSource;
let member: NewsSource;
beforeAll(async () => {
  harness = await Harness.create();
  owner = sourceOf(OWNER);
  member = sourceOf(MEMBER);
});
afterAll(() => harness.end());

function sourceOf(uid: string): NewsSource {
  return { ...harness.sourceOf(uid), auth: new SignIns({ uid }).auth };
}

const URL = 'https://example.com/webhooks';
const HOUR_MS = 60 * 60_000;
const pathOf = (endpointId: string) => `organizations/${ORG}/webhookEndpoints/${endpointId}`;
const deliveryOf = (endpointId: string, id: string) => `${pathOf(endpointId)}/deliveries/${id}`;
const settingsOf = (uid: string) => `organizations/${ORG}/notificationSettings/${uid}`;

function hoursAgo(hours: number): Timestamp {
  return Timestamp.fromMillis(Date.now() - hours * HOUR_MS);
}

/** Make a delivery as the functions do. */
function delivery(state: string, createdAt: Timestamp, type = 'tracking.job.completed') {
  return {
    type,
    projectId: 'spring',
    trigger: 'event',
    state,
    createdAt,
    attempt: 10,
    nextAttemptAt: null,
    attempts: [{ at: createdAt, status: 503, error: null, ms: 80 }],
    expireAt: Timestamp.fromMillis(createdAt.toMillis() + 30 * 24 * HOUR_MS),
  };
}

describe('an endpoint', () => {
  test('is added, watched, changed and removed', async () => {
    const seen = new Recorder<Newest<WebhookEndpoint>>();
    const id = await addEndpoint(owner, ORG, { url: URL, eventTypes: ['tracking.job.completed'], projectIds: ['p1'] });
    const stop = watchEndpoints(owner, ORG, seen.record);
    const { items } = await seen.until(({ connection }) => connection === 'live');
    const createdAt = expect.any(Date);
    expect(items.find((one) => one.id === id)).toEqual({
      id,
      url: URL,
      description: '',
      eventTypes: ['tracking.job.completed'],
      projectIds: ['p1'],
      enabled: true,
      secretVersion: 1,
      secretRotatedAt: null,
      createdBy: OWNER,
      createdAt,
      health: null,
    });
    await changeEndpoint(owner, ORG, id, { description: 'Our shop', eventTypes: [], enabled: false });
    await seen.until((endpoints) => endpoints.items.some((one) => one.description === 'Our shop' && !one.enabled));
    await removeEndpoint(owner, ORG, id);
    await seen.until((endpoints) => endpoints.items.every((one) => one.id !== id));
    stop();
    await expect(removeEndpoint(owner, ORG, id)).rejects.toMatchObject({ code: 'endpoint-not-found' });
  });

  test('loses its health when it is switched on again', async () => {
    const id = await addEndpoint(owner, ORG, { url: URL });
    const before = await harness.get(pathOf(id));
    await harness.set(pathOf(id), { ...before, enabled: false, health: { failures: 12, offReason: 'failing' } });
    await changeEndpoint(owner, ORG, id, { description: 'Still off' });
    expect(await harness.get(pathOf(id))).toMatchObject({ health: { failures: 12 } });
    await changeEndpoint(owner, ORG, id, { enabled: true });
    expect(await harness.get(pathOf(id))).toMatchObject({ enabled: true, health: null });
  });

  test('gets a new secret once in 24 hours', async () => {
    const id = await addEndpoint(owner, ORG, { url: URL });
    await rotateSecret(owner, ORG, id);
    const { secretVersion, secretRotatedAt } = (await harness.get(pathOf(id))) ?? {};
    expect(secretVersion).toBe(2);
    const error = await rotateSecret(owner, ORG, id).catch((thrown: TrackingJobError) => thrown);
    expect(error).toMatchObject({
      code: 'too-early',
      allowedAt: new Date((secretRotatedAt as Timestamp).toMillis() + 24 * HOUR_MS),
    });
    await harness.set(pathOf(id), { ...(await harness.get(pathOf(id))), secretRotatedAt: hoursAgo(25) });
    await rotateSecret(owner, ORG, id);
    expect(await harness.get(pathOf(id))).toMatchObject({ secretVersion: 3 });
  });

  test.each([MEMBER, STRANGER])('is nothing for %s', async (uid) => {
    const id = await addEndpoint(owner, ORG, { url: URL });
    await harness.set(deliveryOf(id, 'd1'), delivery('failed', hoursAgo(1)));
    const other = sourceOf(uid);
    const refused = { code: 'not-allowed' };
    await expect(addEndpoint(other, ORG, { url: URL })).rejects.toMatchObject(refused);
    await expect(changeEndpoint(other, ORG, id, { enabled: false })).rejects.toMatchObject(refused);
    await expect(removeEndpoint(other, ORG, id)).rejects.toMatchObject(refused);
    await expect(rotateSecret(other, ORG, id)).rejects.toMatchObject(refused);
    await expect(sendTest(other, ORG, id)).rejects.toMatchObject(refused);
    await expect(replayDelivery(other, ORG, id, 'd1')).rejects.toMatchObject(refused);
    await expect(replayDeliveries(other, ORG, id, { since: new Date(0) })).rejects.toMatchObject(refused);
    const errors = new Recorder<TrackingJobError>();
    const stops = [
      watchEndpoints(other, ORG, () => {}, errors.record),
      watchDeliveries(other, ORG, id, {}, () => {}, errors.record),
    ];
    await vi.waitUntil(() => errors.all.length === 2, 10_000);
    expect(errors.all.map(({ code }) => code)).toEqual(['not-allowed', 'not-allowed']);
    for (const stop of stops) {
      stop();
    }
  });
});

test('an organisation has 20 endpoints', async () => {
  const full = 'full';
  await harness.set(`organizations/${full}/members/${OWNER}`, { role: 'admin' });
  for (let number = 0; number < 19; number += 1) {
    await harness.set(`organizations/${full}/webhookEndpoints/e${number}`, { url: URL });
  }
  await addEndpoint(owner, full, { url: URL });
  const more = addEndpoint(owner, full, { url: URL });
  await expect(more).rejects.toMatchObject({ code: 'illegal-change', status: 'full' });
});

describe('a delivery', () => {
  let id: string;
  beforeAll(async () => {
    id = await addEndpoint(owner, ORG, { url: URL });
  });

  /** Read the deliveries once. */
  async function deliveriesOf(endpointId: string, options: Parameters<typeof watchDeliveries>[3] = {}) {
    const seen = new Recorder<Newest<WebhookDelivery>>();
    const stop = watchDeliveries(owner, ORG, endpointId, options, seen.record);
    return seen.until(({ connection }) => connection === 'live').finally(stop);
  }

  test('is listed, the newest first, also of some states', async () => {
    const listed = await addEndpoint(owner, ORG, { url: URL });
    for (const [number, state] of ['delivered', 'failed', 'pending', 'failed'].entries()) {
      await harness.set(deliveryOf(listed, `d${number}`), delivery(state, hoursAgo(number)));
    }
    const { items, hasMore } = await deliveriesOf(listed, { limit: 3 });
    expect([items.map((one) => one.id), hasMore]).toEqual([['d0', 'd1', 'd2'], true]);
    const failed = await deliveriesOf(listed, { states: ['failed', 'skipped'] });
    expect([failed.items.map((one) => one.id), failed.hasMore]).toEqual([['d1', 'd3'], false]);
  });

  test('is made by a test, also while the endpoint is off', async () => {
    for (const enabled of [true, false]) {
      await changeEndpoint(owner, ORG, id, { enabled });
      const deliveryId = await sendTest(owner, ORG, id);
      expect(await harness.get(deliveryOf(id, deliveryId))).toMatchObject({ type: 'webhook.test', state: 'pending' });
    }
    await changeEndpoint(owner, ORG, id, { enabled: true });
    await expect(sendTest(owner, ORG, 'gone')).rejects.toMatchObject({ code: 'endpoint-not-found' });
  });

  test('is replayed while the endpoint is on', async () => {
    await harness.set(deliveryOf(id, 'over'), delivery('delivered', hoursAgo(2)));
    await changeEndpoint(owner, ORG, id, { enabled: false });
    const off = replayDelivery(owner, ORG, id, 'over');
    await expect(off).rejects.toMatchObject({ code: 'illegal-change', status: 'off' });
    await changeEndpoint(owner, ORG, id, { enabled: true });
    await replayDelivery(owner, ORG, id, 'over');
    const replayed = await harness.get(deliveryOf(id, 'over'));
    expect(replayed).toMatchObject({ state: 'pending', trigger: 'replay', attempt: 0, attempts: [{ status: 503 }] });
    expect(Number(replayed?.nextAttemptAt.toMillis())).toBeGreaterThan(Date.now() - HOUR_MS);
    const again = replayDelivery(owner, ORG, id, 'over');
    await expect(again).rejects.toMatchObject({ code: 'illegal-change', status: 'pending' });
    await expect(replayDelivery(owner, ORG, id, 'gone')).rejects.toMatchObject({ code: 'delivery-not-found' });
  });

  test('is one of a range that is replayed, in two batches', async () => {
    const many = await addEndpoint(owner, ORG, { url: URL });
    const within = Array.from({ length: 103 }, (_, number) => `d${number}`);
    const others = {
      'too-old': delivery('failed', hoursAgo(10)),
      'too-new': delivery('failed', hoursAgo(0)),
      'a-test': delivery('failed', hoursAgo(5), 'webhook.test'),
      delivered: delivery('delivered', hoursAgo(5)),
      pending: delivery('pending', hoursAgo(5)),
    };
    for (const [number, name] of within.entries()) {
      const state = number % 2 ? 'failed' : 'skipped';
      await harness.set(deliveryOf(many, name), delivery(state, hoursAgo(4 + Math.floor(number / 40)))); // some are equal
    }
    for (const [name, document] of Object.entries(others)) {
      await harness.set(deliveryOf(many, name), document);
    }
    const range = { since: hoursAgo(9).toDate(), until: hoursAgo(1).toDate() };
    expect(await replayDeliveries(owner, ORG, many, range)).toBe(103);
    const { items } = await deliveriesOf(many, { limit: 200 });
    const replayed = items.filter(({ trigger }) => trigger === 'replay');
    expect(replayed.map((one) => one.id).toSorted()).toEqual(within.toSorted());
    expect(new Set(replayed.map(({ state }) => state))).toEqual(new Set(['pending']));
    expect(await replayDeliveries(owner, ORG, many, range)).toBe(0);
  });
});

describe('the settings for mails', () => {
  const DAILY: NotificationSettings = {
    email: 'daily',
    alerts: true,
    hour: 7,
    timezone: 'Europe/Berlin',
    projectIds: ['p1'],
  };

  test('are watched and saved by their own member', async () => {
    const seen = new Recorder<NotificationSettings>();
    const stop = watchNotificationSettings(member, ORG, seen.record);
    await seen.until(({ email }) => email === 'soon');
    await noteSeen(member, ORG);
    const first = await harness.get(settingsOf(MEMBER));
    expect(first).toMatchObject({ email: 'soon', lastSeenAt: expect.any(Timestamp) });
    await saveNotificationSettings(member, ORG, DAILY);
    expect(await seen.until(({ email }) => email === 'daily')).toEqual(DAILY);
    expect((await harness.get(settingsOf(MEMBER)))?.lastSeenAt).toEqual(first?.lastSeenAt);
    stop();
  });

  test('are completed after an unsubscription wrote one field', async () => {
    await harness.set(settingsOf(OWNER), { email: 'off' });
    await noteSeen(owner, ORG);
    expect(await harness.get(settingsOf(OWNER))).toMatchObject({ email: 'off', hour: 8, projectIds: [] });
    await saveNotificationSettings(owner, ORG, DAILY);
    expect(await harness.get(settingsOf(OWNER))).toMatchObject(DAILY);
  });

  test('are nothing for strangers', async () => {
    const stranger = sourceOf(STRANGER);
    await expect(saveNotificationSettings(stranger, ORG, DAILY)).rejects.toMatchObject({ code: 'not-allowed' });
    await noteSeen(stranger, ORG);
    expect(await harness.get(settingsOf(STRANGER))).toBeUndefined();
    const errors = new Recorder<TrackingJobError>();
    const stop = watchNotificationSettings(stranger, ORG, () => {}, errors.record);
    await errors.until(({ code }) => code === 'not-allowed').finally(stop);
  });
});
