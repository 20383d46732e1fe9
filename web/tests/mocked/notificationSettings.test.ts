/** A person's settings for mails: what a page writes, how rarely it notes that they were seen, and its errors. */

import type { Auth } from 'firebase/auth';
import type * as firestore from 'firebase/firestore';
import { type DocumentData, type Firestore, Timestamp } from 'firebase/firestore';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { NewsSource, NotificationSettings } from '../../src/news';
import {
  DEFAULT_SETTINGS,
  noteSeen,
  saveNotificationSettings,
  watchNotificationSettings,
} from '../../src/notificationSettings';
import { SignIns } from '../emulator/signIns';

const database = vi.hoisted(() => ({
  documents: {} as Record<string, DocumentData>,
  written: [] as unknown[],
  /** Ends an attempt in place of the commit. */
  commit: (): void => {},
  reads: 0,
  /** Listeners that were opened so far. */
  opened: 0,
  /** Open listeners: path -> what gets the snapshots. */
  listeners: new Map<string, (snapshot: unknown) => void>(),
}));

vi.mock('firebase/firestore', async (original) => ({
  ...(await original<typeof firestore>()),
  doc: (_: unknown, path: string) => path,
  serverTimestamp: () => '<now>',
  snapshotEqual: () => false,
  onSnapshot: (path: string, _: unknown, next: (snapshot: unknown) => void) => {
    database.opened += 1;
    database.listeners.set(path, next);
    return () => database.listeners.delete(path);
  },
  runTransaction: async (_: unknown, change: (transaction: unknown) => Promise<void>) => {
    await change({
      get: async (path: string) => {
        database.reads += 1;
        return { data: () => database.documents[path] };
      },
      set: (path: string, fields: DocumentData) => database.written.push([path, fields]),
    });
    database.commit();
  },
}));

const NOW = new Date('2026-11-30T12:00:00Z');
const PATH = 'organizations/acme/notificationSettings/mia';
const MINUTE_MS = 60_000;
const DAILY: NotificationSettings = {
  email: 'daily',
  alerts: true,
  hour: 7,
  timezone: 'Europe/Berlin',
  projectIds: ['p1'],
};

let source: NewsSource;

function authOf(currentUser: object | null): Auth {
  return { authStateReady: async () => {}, currentUser } as unknown as Auth;
}

function minutesAgo(minutes: number): Timestamp {
  return Timestamp.fromMillis(Date.now() - minutes * MINUTE_MS);
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  Object.assign(database, { documents: {}, written: [], commit: () => {}, reads: 0, opened: 0 });
  database.listeners.clear();
  source = { firestore: {} as Firestore, auth: authOf({ uid: 'mia' }) }; // a new one: seen times are kept for each
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('saveNotificationSettings', () => {
  test('writes all fields of a new document', async () => {
    await saveNotificationSettings(source, 'acme', DAILY);
    expect(database.written).toEqual([[PATH, { ...DAILY, lastSeenAt: null, updatedAt: '<now>' }]]);
  });

  test('keeps the time when the person was seen, and nothing else', async () => {
    const lastSeenAt = minutesAgo(60);
    database.documents[PATH] = { email: 'off', lastSeenAt, more: 1 };
    await saveNotificationSettings(source, 'acme', { ...DAILY, more: 2 } as NotificationSettings);
    expect(database.written).toEqual([[PATH, { ...DAILY, lastSeenAt, updatedAt: '<now>' }]]);
  });

  test.each(['UTC', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires'])('takes the time zone %s', async (timezone) => {
    await saveNotificationSettings(source, 'acme', { ...DAILY, timezone });
    expect(database.written).toEqual([[PATH, expect.objectContaining({ timezone })]]);
  });

  test.each([
    ['europe/berlin', 'Europe/Berlin'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
  ])('writes the time zone %s as %s', async (timezone, written) => {
    await saveNotificationSettings(source, 'acme', { ...DAILY, timezone });
    expect(database.written).toEqual([[PATH, expect.objectContaining({ timezone: written })]]);
  });

  test.each<[keyof NotificationSettings, unknown]>([
    ['email', 'hourly'],
    ['email', undefined],
    ['alerts', 'yes'],
    ['hour', 24],
    ['hour', -1],
    ['hour', 7.5],
    ['hour', '7'],
    ['timezone', ''],
    ['timezone', 'Europe/Atlantis'],
    ['timezone', '+01:00'],
    ['timezone', null],
    ['projectIds', ['a/b']],
    ['projectIds', 'p1'],
    ['projectIds', Array.from({ length: 51 }, (_, number) => `p${number}`)],
  ])('refuses a wrong %s: %j', async (field, value) => {
    const saved = saveNotificationSettings(source, 'acme', { ...DAILY, [field]: value });
    await expect(saved).rejects.toMatchObject({ code: 'invalid-input', field });
    expect(database.written).toEqual([]);
  });

  test.each([
    ['while nobody is signed in', authOf(null), 'acme', 'not-signed-in'],
    ['without a sign-in of the page', undefined, 'acme', 'not-set-up'],
    ['a wrong orgId', authOf({ uid: 'mia' }), 'a/b', 'invalid-input'],
  ])('rejects %s', async (_, auth, orgId, code) => {
    const { firestore } = source;
    const saved = saveNotificationSettings({ firestore, ...(auth && { auth }) }, orgId, DAILY);
    await expect(saved).rejects.toMatchObject({ code });
  });
});

describe('noteSeen', () => {
  const SEEN = { lastSeenAt: '<now>', updatedAt: '<now>' };

  test('writes the defaults with the time', async () => {
    await noteSeen(source, 'acme');
    expect(database.written).toEqual([[PATH, { ...DEFAULT_SETTINGS, ...SEEN }]]);
  });

  test('keeps the settings that are there', async () => {
    database.documents[PATH] = { ...DAILY, lastSeenAt: minutesAgo(6), updatedAt: minutesAgo(60) };
    await noteSeen(source, 'acme');
    expect(database.written).toEqual([[PATH, { ...DAILY, ...SEEN }]]);
  });

  test('completes a document that only an unsubscription wrote', async () => {
    database.documents[PATH] = { email: 'off', updatedAt: minutesAgo(60) };
    await noteSeen(source, 'acme');
    expect(database.written).toEqual([[PATH, { ...DEFAULT_SETTINGS, email: 'off', ...SEEN }]]);
  });

  test('reads and writes once in 5 minutes', async () => {
    for (let minute = 0; minute < 11; minute += 1) {
      await noteSeen(source, 'acme');
      vi.advanceTimersByTime(MINUTE_MS);
    }
    expect(database.written).toHaveLength(3);
    expect(database.reads).toBe(3);
  });

  test('notes each organisation and each person', async () => {
    await noteSeen(source, 'acme');
    await noteSeen(source, 'globex');
    await noteSeen({ ...source, auth: authOf({ uid: 'olga' }) }, 'acme');
    expect(database.written).toHaveLength(3);
  });

  test('writes nothing that another tab wrote', async () => {
    database.documents[PATH] = { ...DAILY, lastSeenAt: minutesAgo(4) };
    await noteSeen(source, 'acme');
    expect(database.written).toEqual([]);
  });

  test('writes although its clock is an hour slow', async () => {
    database.documents[PATH] = { ...DAILY, lastSeenAt: minutesAgo(-60) };
    await noteSeen(source, 'acme');
    expect(database.written).toHaveLength(1);
  });

  test('writes nothing while the page is hidden', async () => {
    vi.stubGlobal('document', { visibilityState: 'hidden' });
    await noteSeen(source, 'acme');
    expect(database.reads).toBe(0);
    vi.stubGlobal('document', { visibilityState: 'visible' });
    await noteSeen(source, 'acme');
    expect(database.written).toHaveLength(1);
  });

  test('never rejects', async () => {
    database.commit = () => {
      throw Object.assign(new Error(), { code: 'permission-denied' });
    };
    await noteSeen(source, 'acme');
    await noteSeen(source, 'a/b');
    await noteSeen({ ...source, auth: authOf(null) }, 'acme');
    await noteSeen({ firestore: source.firestore }, 'acme');
    expect(database.written).toHaveLength(2); // a refused write is tried twice
  });
});

describe('watchNotificationSettings', () => {
  const pathOf = (uid: string) => `organizations/acme/notificationSettings/${uid}`;

  function answer(uid: string, data: DocumentData | undefined, fromCache = false): void {
    const snapshot = { exists: () => data !== undefined, data: () => data, metadata: { fromCache } };
    database.listeners.get(pathOf(uid))?.(snapshot);
  }

  function watch(signIns: SignIns) {
    const [onSettings, onError] = [vi.fn(), vi.fn()];
    const stop = watchNotificationSettings({ ...source, auth: signIns.auth }, 'acme', onSettings, onError);
    return { onSettings, onError, stop };
  }

  test('shows the settings, and the defaults without a document', async () => {
    const { onSettings, stop } = watch(new SignIns());
    await vi.advanceTimersByTimeAsync(0);
    answer('mia', undefined, true); // there is no connection yet
    expect(onSettings).not.toHaveBeenCalled();
    answer('mia', undefined);
    answer('mia', { ...DAILY, lastSeenAt: minutesAgo(1) });
    expect(onSettings.mock.calls).toEqual([[DEFAULT_SETTINGS], [DAILY]]);
    stop();
    expect(database.listeners.size).toBe(0);
  });

  test('follows whoever is signed in', async () => {
    const signIns = new SignIns();
    const { onError, stop } = watch(signIns);
    await vi.advanceTimersByTimeAsync(0);
    signIns.change({ uid: 'mia' }); // the same one, with a new token
    expect([...database.listeners.keys()]).toEqual([pathOf('mia')]);
    expect(database.opened).toBe(1);
    signIns.change({ uid: 'olga' });
    expect([...database.listeners.keys()]).toEqual([pathOf('olga')]);
    expect(onError).not.toHaveBeenCalled();
    signIns.change(null);
    expect(database.listeners.size).toBe(0);
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'not-signed-in' }));
    signIns.change({ uid: 'olga' });
    expect([...database.listeners.keys()]).toEqual([pathOf('olga')]);
    stop();
    expect(signIns.heardBy).toBe(0);
  });

  test.each([
    ['a wrong orgId', 'a/b', 'invalid-input'],
    ['a page without a sign-in', 'acme', 'not-set-up'],
  ])('refuses %s', (_, orgId, code) => {
    const watching = () => watchNotificationSettings({ firestore: source.firestore }, orgId, () => {});
    expect(watching).toThrow(expect.objectContaining({ code }));
  });
});
