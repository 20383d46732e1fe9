/** A page manages webhook endpoints: the fields that it writes, and its errors. */

import type { Auth } from 'firebase/auth';
import type * as firestore from 'firebase/firestore';
import { type DocumentData, type Firestore, Timestamp } from 'firebase/firestore';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { EndpointChanges, NewEndpoint, NewsSource } from '../../src/news';
import { addEndpoint, changeEndpoint, removeEndpoint, rotateSecret, watchEndpoints } from '../../src/webhookEndpoints';

const database = vi.hoisted(() => ({
  documents: {} as Record<string, DocumentData>,
  written: [] as unknown[],
  /** Ends an attempt in place of the commit: it may refuse, or lose the reply. */
  commit: (): void => {},
  /** The number of times that Firestore itself runs the change. */
  runs: 1,
  /** Gets the snapshots of the open listener. */
  listener: null as ((snapshot: unknown) => void) | null,
  /** The number of endpoints that a query finds. */
  size: 0,
}));

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
    doc: (parent: { path?: string }, path?: string) =>
      path === undefined ? Object.assign(`${parent.path}/new`, { id: 'new' }) : path,
    limit: () => ({}),
    query: () => ({}),
    getDocsFromServer: async () => ({ size: database.size }),
    onSnapshot: (_: unknown, __: unknown, next: (snapshot: unknown) => void) => {
      database.listener = next;
      return () => {
        database.listener = null;
      };
    },
    serverTimestamp: () => '<now>',
    runTransaction: async (_: unknown, change: (transaction: unknown) => Promise<void>) => {
      for (let run = 0; run < database.runs; run += 1) {
        await change({
          get: async (path: unknown) => snapshot(String(path)),
          set: (path: unknown, fields: DocumentData) => database.written.push(['set', String(path), fields]),
          update: (path: string, fields: DocumentData) => database.written.push(['update', path, fields]),
          delete: (path: string) => database.written.push(['delete', path]),
        });
        database.commit();
      }
    },
  };
});

function authOf(currentUser: object | null): Auth {
  return { authStateReady: async () => {}, currentUser } as unknown as Auth;
}

const source: NewsSource = { firestore: {} as Firestore, auth: authOf({ uid: 'olga' }) };
const PATH = 'organizations/acme/webhookEndpoints/e1';
const URL = 'https://example.com/webhooks';
const ADDED = {
  url: URL,
  description: '',
  eventTypes: [],
  projectIds: [],
  enabled: true,
  secretVersion: 1,
  secretRotatedAt: null,
  createdBy: 'olga',
  createdAt: '<now>',
  updatedAt: '<now>',
  health: null,
};

function refuse(): never {
  throw Object.assign(new Error('evaluation error'), { code: 'permission-denied' });
}

beforeEach(() => {
  Object.assign(database, { documents: {}, written: [], commit: () => {}, runs: 1, size: 0 });
});

describe('addEndpoint', () => {
  const NEW = 'organizations/acme/webhookEndpoints/new';

  test('writes an endpoint for everything', async () => {
    expect(await addEndpoint(source, 'acme', { url: URL })).toBe('new');
    expect(database.written).toEqual([['set', NEW, ADDED]]);
  });

  test('writes what was chosen, tidied up', async () => {
    const endpoint = {
      url: ' https://EXAMPLE.com/webhooks#here',
      description: '  Our shop ',
      eventTypes: ['tracking.job.failed', 'tracking.job.completed', 'tracking.job.failed'],
      projectIds: ['p1', 'p2', 'p1'],
    };
    await addEndpoint(source, 'acme', endpoint);
    const fields = {
      description: 'Our shop',
      eventTypes: ['tracking.job.failed', 'tracking.job.completed'],
      projectIds: ['p1', 'p2'],
    };
    expect(database.written).toEqual([['set', NEW, { ...ADDED, ...fields }]]);
  });

  test('writes once when the reply of its write was lost', async () => {
    database.runs = 2;
    database.commit = () => {
      database.documents[NEW] = ADDED;
    };
    expect(await addEndpoint(source, 'acme', { url: URL })).toBe('new');
    expect(database.written).toHaveLength(1);
  });

  test('writes again when its write did not arrive', async () => {
    database.runs = 2;
    await addEndpoint(source, 'acme', { url: URL });
    expect(database.written).toEqual([
      ['set', NEW, ADDED],
      ['set', NEW, ADDED],
    ]);
  });

  test('takes the twentieth and refuses one more', async () => {
    database.size = 19;
    await addEndpoint(source, 'acme', { url: URL });
    database.size = 20;
    const more = addEndpoint(source, 'acme', { url: URL });
    await expect(more).rejects.toMatchObject({
      code: 'illegal-change',
      status: 'full',
      message: 'There are 20 endpoints already. Remove one first.',
    });
    expect(database.written).toHaveLength(1);
  });

  test.each<[keyof NewEndpoint, unknown]>([
    ['url', 'http://example.com/'],
    ['url', undefined],
    ['description', 'x'.repeat(201)],
    ['description', 5],
    ['eventTypes', ['tracking.job.done']],
    ['eventTypes', 'tracking.job.failed'],
    ['eventTypes', Array.from({ length: 31 }, () => 'tracking.job.failed')],
    ['projectIds', ['a/b']],
    ['projectIds', Array.from({ length: 51 }, (_, number) => `p${number}`)],
  ])('refuses a wrong %s: %j', async (field, value) => {
    const added = addEndpoint(source, 'acme', { url: URL, [field]: value });
    await expect(added).rejects.toMatchObject({ code: 'invalid-input', field });
    expect(database.written).toEqual([]);
  });

  test('needs the page’s sign-in', async () => {
    const without = { firestore: source.firestore };
    await expect(addEndpoint(without, 'acme', { url: URL })).rejects.toMatchObject({ code: 'not-set-up' });
  });

  test('passes a refusal on', async () => {
    database.commit = refuse;
    await expect(addEndpoint(source, 'acme', { url: URL })).rejects.toMatchObject({ code: 'not-allowed' });
  });
});

describe('changeEndpoint', () => {
  beforeEach(() => {
    database.documents[PATH] = { enabled: false, health: { offReason: 'failing' } };
  });

  test.each<[EndpointChanges, DocumentData]>([
    [{ url: 'https://Example.com' }, { url: 'https://example.com/' }],
    [{ description: ' New ' }, { description: 'New' }],
    [{ eventTypes: [] }, { eventTypes: [] }],
    [{ projectIds: ['p1'] }, { projectIds: ['p1'] }],
    [{ enabled: false }, { enabled: false }],
    [{ enabled: true }, { enabled: true, health: null }],
    [
      { enabled: true, description: '' },
      { enabled: true, health: null, description: '' },
    ],
    [{}, {}],
  ])('%j', async (changes, fields) => {
    await changeEndpoint(source, 'acme', 'e1', changes);
    expect(database.written).toEqual([['update', PATH, { ...fields, updatedAt: '<now>' }]]);
  });

  test('keeps the health of one that is on already', async () => {
    database.documents[PATH] = { enabled: true, health: { failures: 3 } };
    await changeEndpoint(source, 'acme', 'e1', { enabled: true });
    expect(database.written).toEqual([['update', PATH, { enabled: true, updatedAt: '<now>' }]]);
  });

  test.each<[keyof EndpointChanges, unknown]>([
    ['url', 'https://127.0.0.1/'],
    ['description', null],
    ['eventTypes', ['webhook.test']],
    ['projectIds', ['..']],
    ['enabled', 'yes'],
  ])('refuses a wrong %s: %j', async (field, value) => {
    const changed = changeEndpoint(source, 'acme', 'e1', { [field]: value });
    await expect(changed).rejects.toMatchObject({ code: 'invalid-input', field });
    expect(database.written).toEqual([]);
  });
});

describe('removeEndpoint', () => {
  test('deletes it', async () => {
    database.documents[PATH] = {};
    await removeEndpoint(source, 'acme', 'e1');
    expect(database.written).toEqual([['delete', PATH]]);
  });

  test('ends well when its own reply was lost', async () => {
    database.documents[PATH] = {};
    database.runs = 2;
    database.commit = () => {
      delete database.documents[PATH];
    };
    await removeEndpoint(source, 'acme', 'e1');
    expect(database.written).toHaveLength(1);
  });
});

describe('rotateSecret', () => {
  const ROTATED = { secretVersion: 4, secretRotatedAt: '<now>', updatedAt: '<now>' };

  beforeEach(() => {
    const secretRotatedAt = Timestamp.fromMillis(Date.UTC(2026, 10, 29, 12));
    database.documents[PATH] = { secretVersion: 3, secretRotatedAt };
  });

  test('makes the next version', async () => {
    await rotateSecret(source, 'acme', 'e1');
    expect(database.written).toEqual([['update', PATH, ROTATED]]);
  });

  test('rotates once when the reply of its write was lost', async () => {
    database.runs = 2;
    database.commit = () => {
      database.documents[PATH] = { secretVersion: 4 };
    };
    await rotateSecret(source, 'acme', 'e1');
    expect(database.written).toHaveLength(1);
  });

  test('a refused write is too early, a day after the last one', async () => {
    database.commit = refuse;
    await expect(rotateSecret(source, 'acme', 'e1')).rejects.toMatchObject({
      code: 'too-early',
      allowedAt: new Date('2026-11-30T12:00:00Z'),
      message: expect.stringMatching(
        /^The secret was changed within the last 24 hours\. It can be changed again on (Nov 30|Dec 1), 2026, \d{1,2}:00\s[AP]M\.$/,
      ),
      cause: { code: 'not-allowed' },
    });
  });

  test('a refused write of the second secret is not-allowed', async () => {
    database.documents[PATH] = { secretVersion: 1, secretRotatedAt: null };
    database.commit = refuse;
    await expect(rotateSecret(source, 'acme', 'e1')).rejects.toMatchObject({ code: 'not-allowed' });
  });

  test('passes other failures on', async () => {
    database.commit = () => {
      throw Object.assign(new Error(), { code: 'resource-exhausted' });
    };
    await expect(rotateSecret(source, 'acme', 'e1')).rejects.toMatchObject({ code: 'busy' });
  });
});

describe.each([
  ['changeEndpoint', (from: NewsSource, org: string, id: string) => changeEndpoint(from, org, id, { enabled: true })],
  ['removeEndpoint', removeEndpoint],
  ['rotateSecret', rotateSecret],
] as const)('%s rejects', (_, call) => {
  test('while nobody is signed in', async () => {
    const asked = call({ ...source, auth: authOf(null) }, 'acme', 'e1');
    await expect(asked).rejects.toMatchObject({ code: 'not-signed-in' });
  });

  test('without such an endpoint', async () => {
    await expect(call(source, 'acme', 'e1')).rejects.toMatchObject({
      code: 'endpoint-not-found',
      message: 'This endpoint does not exist any more.',
    });
    expect(database.written).toEqual([]);
  });

  test.each([
    ['orgId', 'a/b', 'e1'],
    ['endpointId', 'acme', ''],
  ])('a wrong %s', async (field, orgId, id) => {
    await expect(call(source, orgId, id)).rejects.toMatchObject({ code: 'invalid-input', field });
  });
});

test('watchEndpoints shows the oldest first, and up to 20', () => {
  const snapshot = (id: string, createdAt?: number) => ({
    id,
    data: () => ({ ...(createdAt !== undefined && { createdAt: Timestamp.fromMillis(createdAt) }) }),
  });
  const onEndpoints = vi.fn();
  const stop = watchEndpoints({ firestore: source.firestore }, 'acme', onEndpoints);
  const docs = [snapshot('newer', 2_000), snapshot('older', 1_000), snapshot('odd')];
  database.listener?.({ docs, metadata: { fromCache: true } });
  database.listener?.({
    docs: Array.from({ length: 21 }, (_, number) => snapshot(`e${number}`, number)),
    metadata: { fromCache: false },
  });
  const shown = onEndpoints.mock.calls.map(([{ items, ...rest }]) => [items.map(({ id }: { id: string }) => id), rest]);
  expect(shown).toEqual([
    [['odd', 'older', 'newer'], { hasMore: false, connection: 'reconnecting' }],
    [Array.from({ length: 20 }, (_, number) => `e${number}`), { hasMore: true, connection: 'live' }],
  ]);
  stop();
  expect(database.listener).toBeNull();
});

test('watchEndpoints refuses a wrong id at once', () => {
  expect(() => watchEndpoints(source, 'a/b', () => {})).toThrow(
    expect.objectContaining({ code: 'invalid-input', field: 'orgId' }),
  );
});
