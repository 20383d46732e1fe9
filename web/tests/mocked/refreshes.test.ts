/** A page chooses a cadence or asks for a refresh: the fields that it writes, and its errors. */

import type { Auth } from 'firebase/auth';
import type * as firestore from 'firebase/firestore';
import { type DocumentData, type Firestore, Timestamp } from 'firebase/firestore';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Cadence } from '../../src/account';
import { refreshNow, setRefresh } from '../../src/refreshes';

const database = vi.hoisted(() => ({
  path: '',
  document: undefined as DocumentData | undefined,
  written: [] as DocumentData[],
  /** Ends an attempt in place of the commit. */
  commit: (): void => {},
  /** The number of times that Firestore itself runs the change. */
  runs: 1,
}));

vi.mock('firebase/firestore', async (original) => ({
  ...(await original<typeof firestore>()),
  doc: (_: unknown, path: string) => {
    database.path = path;
    return { id: 'a1' };
  },
  serverTimestamp: () => '<now>',
  runTransaction: async (_: unknown, change: (transaction: unknown) => Promise<void>) => {
    for (let run = 0; run < database.runs; run += 1) {
      await change({
        get: async () => ({ id: 'a1', exists: () => database.document !== undefined, data: () => database.document }),
        update: (_ref: unknown, fields: DocumentData) => database.written.push(fields),
      });
      database.commit();
    }
  },
}));

const source = { firestore: {} as Firestore };
const scope = { orgId: 'acme', projectId: 'p1', accountId: 'a1' };
const NOW = new Date('2026-11-30T12:00:00Z');
const PRESS = { nextRefreshAt: '<now>', refreshAskedAt: '<now>' };

function inHours(hours: number): Timestamp {
  return Timestamp.fromMillis(NOW.getTime() + hours * 3_600_000);
}

function refuse(): never {
  throw Object.assign(new Error('evaluation error'), { code: 'permission-denied' });
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  database.document = { lastSyncedAt: inHours(-3) };
  database.written = [];
  database.commit = () => {};
  database.runs = 1;
});
afterEach(() => vi.useRealTimers());

describe('setRefresh', () => {
  const SOON = { nextRefreshAt: inHours(2) };

  test.each<[Cadence, number | null, object]>([
    ['off', 5, { nextRefreshAt: null }],
    ['off', null, { nextRefreshAt: null }],
    ['6h', null, SOON],
    ['auto', null, SOON],
    ['6h', 6, {}],
    ['6h', 7, SOON],
    ['6h', -1, {}], // it is due
    ['daily', 24, {}],
    ['daily', 25, SOON],
    ['weekly', 168, {}],
    ['weekly', 169, SOON], // an account that is gone is looked for again after up to 28 days
    ['auto', 168, {}],
    ['auto', 169, SOON],
  ])('%s, with a next time in %s hours', async (mode, hours, time) => {
    database.document = { nextRefreshAt: hours === null ? null : inHours(hours) };
    await setRefresh(source, scope, mode);
    expect(database.written).toEqual([{ refreshCadence: mode, ...time }]);
    expect(database.path).toBe('organizations/acme/projects/p1/trackedAccounts/a1');
  });

  test('writes nothing when the account has the cadence', async () => {
    database.document = { refreshCadence: 'daily', nextRefreshAt: null };
    await setRefresh(source, scope, 'daily');
    expect(database.written).toEqual([]);
  });

  test('rejects an unknown cadence', async () => {
    const asked = setRefresh(source, scope, 'hourly' as Cadence);
    await expect(asked).rejects.toMatchObject({ code: 'invalid-input', field: 'mode' });
  });
});

describe('refreshNow', () => {
  test("asks for a refresh at the server's time", async () => {
    await refreshNow(source, scope);
    expect(database.written).toEqual([PRESS]);
  });

  test.each([
    ['the fetch', -0.5, undefined, '2026-11-30T12:30:00Z'],
    ['the fetch', -0.5, -2, '2026-11-30T12:30:00Z'],
    ['the press', -2, -0.25, '2026-11-30T12:45:00Z'],
    ['the press, and a part of a minute', -2, -0.2501, '2026-11-30T12:45:00Z'],
  ])('a refused write is too early after %s', async (_, syncedHours, askedHours, allowedAt) => {
    database.document = {
      lastSyncedAt: inHours(syncedHours),
      ...(askedHours === undefined ? {} : { refreshAskedAt: inHours(askedHours) }),
    };
    database.commit = refuse;
    await expect(refreshNow(source, scope)).rejects.toMatchObject({
      code: 'too-early',
      allowedAt: new Date(allowedAt),
      message: expect.stringMatching(
        /^This account was refreshed a short time ago\. Try again at \d{1,2}:\d\d\s[AP]M\.$/,
      ),
      cause: { code: 'not-allowed' },
    });
  });

  test('asks once when the reply of its write was lost', async () => {
    database.runs = 2;
    database.commit = () => {
      database.document = { ...database.document, refreshAskedAt: inHours(0) };
    };
    await refreshNow(source, scope);
    expect(database.written).toEqual([PRESS]);
  });

  test('asks again when its write did not arrive', async () => {
    database.runs = 2;
    await refreshNow(source, scope);
    expect(database.written).toEqual([PRESS, PRESS]);
  });

  test('rejects while the refreshes are off', async () => {
    database.document = { refreshCadence: 'off', lastSyncedAt: inHours(-3) };
    await expect(refreshNow(source, scope)).rejects.toMatchObject({
      code: 'illegal-change',
      status: 'off',
      message: 'The refreshes of this account are switched off.',
    });
    expect(database.written).toEqual([]);
  });

  test('says not-allowed for an account that was never fetched', async () => {
    database.document = {};
    database.commit = refuse;
    await expect(refreshNow(source, scope)).rejects.toMatchObject({ code: 'not-allowed' });
  });

  test('passes other failures on', async () => {
    database.commit = () => {
      throw Object.assign(new Error(), { code: 'resource-exhausted' });
    };
    await expect(refreshNow(source, scope)).rejects.toMatchObject({ code: 'busy' });
  });
});

describe.each([
  ['setRefresh', (from: typeof source, of: typeof scope) => setRefresh(from, of, 'daily')],
  ['refreshNow', refreshNow],
] as const)('%s rejects', (_, call) => {
  test('while nobody is signed in', async () => {
    const auth = { authStateReady: async () => {}, currentUser: null } as unknown as Auth;
    await expect(call({ ...source, auth } as typeof source, scope)).rejects.toMatchObject({ code: 'not-signed-in' });
    expect(database.written).toEqual([]);
  });

  test('without such an account', async () => {
    database.document = undefined;
    await expect(call(source, scope)).rejects.toMatchObject({
      code: 'account-not-found',
      message: 'This account does not exist any more.',
    });
  });

  test.each(['orgId', 'projectId', 'accountId'])('a wrong %s', async (field) => {
    const asked = call(source, { ...scope, [field]: 'a/b' });
    await expect(asked).rejects.toMatchObject({ code: 'invalid-input', field });
  });
});
