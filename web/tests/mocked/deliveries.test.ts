/** A page sends tests and replays: what it writes, when it asks to be served at once, and its errors. */

import type { Auth } from 'firebase/auth';
import type * as firestore from 'firebase/firestore';
import { type DocumentData, type Firestore, Timestamp } from 'firebase/firestore';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { DeliveryState, NewsSource } from '../../src/news';
import { replayDeliveries, replayDelivery, sendTest, watchDeliveries } from '../../src/webhookDeliveries';

const database = vi.hoisted(() => ({
  documents: {} as Record<string, DocumentData>,
  /** Each attempt's writes. */
  commits: [] as unknown[][],
  /** Ends an attempt in place of the commit: it may refuse, or lose the reply. */
  commit: (): void => {},
  /** The number of times that Firestore itself runs the change. */
  runs: 1,
  /** Pages of ids that the queries find, one after the other. */
  pages: [] as string[][],
  asked: [] as unknown[],
}));
const wakes = vi.hoisted(() => ({ sent: [] as unknown[] }));

vi.mock('firebase/firestore', async (original) => {
  const snapshot = (path: string) => {
    const data = database.documents[path];
    return {
      id: path,
      ref: path,
      exists: () => data !== undefined,
      data: () => data,
      get: (name: string) => data?.[name],
    };
  };
  return {
    ...(await original<typeof firestore>()),
    collection: (_: unknown, path: string) => ({ path }),
    doc: (parent: { path?: string }, ...path: string[]) =>
      path.length === 0 ? Object.assign(`${parent.path}/new`, { id: 'new' }) : path.join('/'),
    where: (...condition: unknown[]) => condition,
    orderBy: (...order: unknown[]) => order,
    startAfter: ({ id }: { id: string }) => ['after', id],
    limit: (count: number) => ['limit', count],
    query: (_: unknown, ...parts: unknown[]) => {
      database.asked.push(parts);
      return parts;
    },
    getDocFromServer: async (path: string) => snapshot(path),
    getDocsFromServer: async () => ({ docs: (database.pages.shift() ?? []).map(snapshot) }),
    serverTimestamp: () => '<now>',
    snapshotEqual: (one: { data: () => unknown }, other: { data: () => unknown }) => one.data() === other.data(),
    runTransaction: async (_: unknown, change: (transaction: unknown) => Promise<void>) => {
      for (let run = 0; run < database.runs; run += 1) {
        const written: unknown[] = [];
        await change({
          get: async (path: unknown) => snapshot(String(path)),
          set: (path: unknown, fields: DocumentData) => written.push(['set', String(path), fields]),
          update: (path: string, fields: DocumentData) => written.push(['update', path, fields]),
        });
        database.commits.push(written);
        database.commit();
      }
    },
  };
});
vi.mock('../../src/kick', () => ({
  Kick: class {
    constructor(auth: unknown, url: string) {
      wakes.sent.push([auth, url]);
    }
    send = async () => true;
  },
}));

function authOf(currentUser: object | null): Auth {
  return { authStateReady: async () => {}, currentUser } as unknown as Auth;
}

const auth = authOf({ uid: 'olga' });
const source: NewsSource = { firestore: {} as Firestore, auth, newsUrl: 'https://api.example' };
const ENDPOINT = 'organizations/acme/webhookEndpoints/e1';
const DELIVERIES = `${ENDPOINT}/deliveries`;
const WAKE = [auth, 'https://api.example/webhooks/wake'];
const REPLAY = { state: 'pending', trigger: 'replay', attempt: 0, nextAttemptAt: '<now>' };

function refuse(): never {
  throw Object.assign(new Error('evaluation error'), { code: 'permission-denied' });
}

beforeEach(() => {
  Object.assign(database, { commits: [], commit: () => {}, runs: 1, pages: [], asked: [] });
  database.documents = { [ENDPOINT]: { enabled: true } };
  wakes.sent = [];
});

describe('sendTest', () => {
  const TEST = ['set', `${DELIVERIES}/new`, expect.objectContaining({ type: 'webhook.test', nextAttemptAt: '<now>' })];

  test('writes a delivery and asks for it to be sent now', async () => {
    expect(await sendTest(source, 'acme', 'e1')).toBe('new');
    expect(database.commits).toEqual([[TEST]]);
    expect(wakes.sent).toEqual([WAKE]);
  });

  test('works for an endpoint that is off', async () => {
    database.documents[ENDPOINT] = { enabled: false };
    await sendTest(source, 'acme', 'e1');
    expect(database.commits).toEqual([[TEST]]);
  });

  test('leaves it to the minute without an address', async () => {
    await sendTest({ firestore: source.firestore, auth }, 'acme', 'e1');
    expect(database.commits).toEqual([[TEST]]);
    expect(wakes.sent).toEqual([]);
  });

  test('writes once when the reply of its write was lost', async () => {
    database.runs = 2;
    database.commit = () => {
      database.documents[`${DELIVERIES}/new`] = { type: 'webhook.test' };
    };
    await sendTest(source, 'acme', 'e1');
    expect(database.commits).toEqual([[TEST], []]);
  });

  test('passes a refusal on, and wakes nobody', async () => {
    database.commit = refuse;
    await expect(sendTest(source, 'acme', 'e1')).rejects.toMatchObject({ code: 'not-allowed' });
    expect(wakes.sent).toEqual([]);
  });
});

describe('replayDelivery', () => {
  const PATH = `${DELIVERIES}/d1`;

  test.each<DeliveryState>(['delivered', 'failed', 'skipped'])('sends one that is %s again', async (state) => {
    database.documents[PATH] = { state };
    await replayDelivery(source, 'acme', 'e1', 'd1');
    expect(database.commits).toEqual([[['update', PATH, REPLAY]]]);
    expect(wakes.sent).toEqual([WAKE]);
  });

  test('refuses one that is on its way', async () => {
    database.documents[PATH] = { state: 'pending' };
    await expect(replayDelivery(source, 'acme', 'e1', 'd1')).rejects.toMatchObject({
      code: 'illegal-change',
      status: 'pending',
      message: 'This delivery is not over yet.',
    });
  });

  test('refuses a test', async () => {
    database.documents[PATH] = { state: 'failed', type: 'webhook.test' };
    await expect(replayDelivery(source, 'acme', 'e1', 'd1')).rejects.toMatchObject({
      code: 'illegal-change',
      status: 'test',
      message: 'A test cannot be sent again. Send another one.',
    });
    expect(wakes.sent).toEqual([]);
  });

  test('refuses while the endpoint is off', async () => {
    database.documents = { [ENDPOINT]: { enabled: false }, [PATH]: { state: 'skipped' } };
    await expect(replayDelivery(source, 'acme', 'e1', 'd1')).rejects.toMatchObject({
      code: 'illegal-change',
      status: 'off',
      message: 'This endpoint is switched off. Switch it on first.',
    });
    expect(database.commits).toEqual([]);
    expect(wakes.sent).toEqual([]);
  });

  test.each(['pending', 'failed'])('writes once when its reply was lost and it is %s by now', async (state) => {
    database.documents[PATH] = { state: 'failed' };
    database.runs = 2;
    database.commit = () => {
      database.documents[PATH] = { state };
    };
    await replayDelivery(source, 'acme', 'e1', 'd1');
    expect(database.commits).toEqual([[['update', PATH, REPLAY]], []]);
  });

  test('writes again when its write did not arrive', async () => {
    database.documents[PATH] = { state: 'failed' };
    database.runs = 2;
    await replayDelivery(source, 'acme', 'e1', 'd1');
    expect(database.commits).toHaveLength(2);
    expect(database.commits[1]).toEqual(database.commits[0]);
  });

  test('says when there is no such delivery', async () => {
    await expect(replayDelivery(source, 'acme', 'e1', 'd1')).rejects.toMatchObject({
      code: 'delivery-not-found',
      message: 'This delivery does not exist any more.',
    });
  });

  test('refuses a wrong id', async () => {
    const replayed = replayDelivery(source, 'acme', 'e1', 'a/b');
    await expect(replayed).rejects.toMatchObject({ code: 'invalid-input', field: 'deliveryId' });
  });
});

describe('replayDeliveries', () => {
  const since = new Date('2026-11-28T00:00:00Z');
  const until = new Date('2026-11-30T00:00:00Z');
  const FILTERS = [
    ['state', 'in', ['failed', 'skipped']],
    ['createdAt', '>=', Timestamp.fromDate(since)],
    ['createdAt', '<=', Timestamp.fromDate(until)],
    ['createdAt', 'desc'],
  ];

  /** Make a page of deliveries that a query finds. */
  function page(name: string, count: number, type = 'tracking.job.failed'): string[] {
    const ids = Array.from({ length: count }, (_, number) => `${DELIVERIES}/${name}${number}`);
    for (const id of ids) {
      database.documents[id] = { type };
    }
    return ids;
  }

  const updates = (paths: string[]) => paths.map((path) => ['update', path, REPLAY]);

  test('replays all of a range, in batches', async () => {
    const [first, second] = [page('a', 100), page('b', 3)];
    database.pages = [first, second];
    expect(await replayDeliveries(source, 'acme', 'e1', { since, until })).toBe(103);
    expect(database.commits).toEqual([updates(first), updates(second)]);
    expect(database.asked).toEqual([
      [...FILTERS, ['limit', 100]],
      [...FILTERS, ['after', `${DELIVERIES}/a99`], ['limit', 100]],
    ]);
    expect(wakes.sent).toEqual([WAKE, WAKE]);
  });

  test('ends now without an end', async () => {
    vi.useFakeTimers({ now: until });
    await replayDeliveries(source, 'acme', 'e1', { since }).finally(() => vi.useRealTimers());
    expect(database.asked).toEqual([[...FILTERS, ['limit', 100]]]);
  });

  test('leaves tests out', async () => {
    const [tests, events] = [page('t', 2, 'webhook.test'), page('e', 1)];
    database.pages = [[...tests, ...events]];
    expect(await replayDeliveries(source, 'acme', 'e1', { since, until })).toBe(1);
    expect(database.commits).toEqual([updates(events)]);
  });

  test('finds none, and wakes nobody', async () => {
    expect(await replayDeliveries(source, 'acme', 'e1', { since, until })).toBe(0);
    expect(database.commits).toEqual([[]]);
    expect(wakes.sent).toEqual([]);
  });

  test('reads again when another page replayed one of them', async () => {
    const some = page('a', 3);
    database.pages = [some, some.slice(1)];
    let refusals = 2; // `transact` tries a refused write twice
    database.commit = () => {
      refusals -= 1;
      if (refusals >= 0) {
        refuse();
      }
    };
    expect(await replayDeliveries(source, 'acme', 'e1', { since, until })).toBe(2);
    expect(database.commits.at(-1)).toEqual(updates(some.slice(1)));
  });

  test('may be refused once in each batch', async () => {
    const [first, second] = [page('a', 100), page('b', 1)];
    database.pages = [first, first, second, second];
    let tries = 0;
    database.commit = () => {
      tries += 1;
      if (tries % 3 !== 0) {
        refuse(); // `transact` tries a refused write twice
      }
    };
    expect(await replayDeliveries(source, 'acme', 'e1', { since, until })).toBe(101);
    expect(database.pages).toEqual([]);
  });

  test('gives up when it is refused again', async () => {
    database.pages = [page('a', 1), page('a', 1), page('a', 1)];
    database.commit = refuse;
    const replayed = replayDeliveries(source, 'acme', 'e1', { since, until });
    await expect(replayed).rejects.toMatchObject({ code: 'not-allowed' });
    expect(database.pages).toHaveLength(1);
  });

  test.each([
    ['since', { since: new Date(Number.NaN) }],
    ['since', { since: '2026-11-30' as unknown as Date }],
    ['until', { since, until: 5 as unknown as Date }],
  ])('refuses a wrong %s', async (field, range) => {
    const replayed = replayDeliveries(source, 'acme', 'e1', range);
    await expect(replayed).rejects.toMatchObject({ code: 'invalid-input', field });
  });

  test('refuses while the endpoint is off', async () => {
    database.documents[ENDPOINT] = { enabled: false };
    const replayed = replayDeliveries(source, 'acme', 'e1', { since });
    await expect(replayed).rejects.toMatchObject({ code: 'illegal-change', status: 'off' });
    expect(database.asked).toEqual([]);
  });
});

describe.each([
  ['sendTest', sendTest],
  ['replayDelivery', (from: NewsSource, org: string, id: string) => replayDelivery(from, org, id, 'd1')],
  [
    'replayDeliveries',
    (from: NewsSource, org: string, id: string) => replayDeliveries(from, org, id, { since: new Date(0) }),
  ],
] as const)('%s rejects', (_, call) => {
  test('while nobody is signed in', async () => {
    const asked = call({ ...source, auth: authOf(null) }, 'acme', 'e1');
    await expect(asked).rejects.toMatchObject({ code: 'not-signed-in' });
  });

  test('without such an endpoint', async () => {
    await expect(call(source, 'acme', 'e2')).rejects.toMatchObject({ code: 'endpoint-not-found' });
    expect(database.commits).toEqual([]);
  });

  test.each([
    ['orgId', '', 'e1'],
    ['endpointId', 'acme', '..'],
  ])('a wrong %s', async (field, orgId, id) => {
    await expect(call(source, orgId, id)).rejects.toMatchObject({ code: 'invalid-input', field });
  });
});

test.each([
  ['states', { states: ['lost' as DeliveryState] }],
  ['limit', { limit: 0 }],
  ['limit', { limit: 2.5 }],
])('watchDeliveries refuses wrong %s', (field, options) => {
  expect(() => watchDeliveries(source, 'acme', 'e1', options, () => {})).toThrow(
    expect.objectContaining({ code: 'invalid-input', field }),
  );
});
