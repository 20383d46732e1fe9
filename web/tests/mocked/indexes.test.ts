/** The service's queries have their indexes in firestore.indexes.json. The emulator would answer without any index. */

import type * as firestore from 'firebase/firestore';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import indexFile from '../../../firestore.indexes.json';
import { getVideoHistory, watchHistory } from '../../src/historyEntry';
import type { NewsSource } from '../../src/news';
import { TrackingJobService } from '../../src/service';
import { watchAccounts, watchVideos } from '../../src/watchAccounts';
import { replayDeliveries, watchDeliveries } from '../../src/webhookDeliveries';
import { addEndpoint, watchEndpoints } from '../../src/webhookEndpoints';

/** A query as the service built it. */
interface Asked {
  collection: string;
  /** Fields that are compared for equality, sorted by name. */
  equal: string[];
  ranges: string[];
  /** Items of the form `field DIRECTION`. */
  ordered: string[];
}

const made = vi.hoisted((): { queries: Asked[] } => ({ queries: [] }));

vi.mock('firebase/firestore', async (original) => ({
  ...(await original<typeof firestore>()),
  collection: (_: unknown, ...path: string[]): Partial<Asked> => ({ collection: path.join('/') }),
  documentId: () => '__name__',
  where: (field: string, operator: string): Partial<Asked> =>
    ['==', 'in'].includes(operator) ? { equal: [field] } : { ranges: [field] },
  orderBy: (field: string, direction: string): Partial<Asked> => ({
    ordered: [`${field} ${direction === 'desc' ? 'DESCENDING' : 'ASCENDING'}`],
  }),
  limit: (): Partial<Asked> => ({}),
  query: ({ collection }: Asked, ...parts: Partial<Asked>[]) => {
    const all = (key: 'equal' | 'ranges' | 'ordered') => parts.flatMap((part) => part[key] ?? []);
    made.queries.push({ collection, equal: all('equal').sort(), ranges: all('ranges'), ordered: all('ordered') });
  },
  getDocFromServer: async () => ({ exists: () => true, get: () => true }),
  getDocsFromServer: async () => ({ docs: [] }),
  runTransaction: async () => {},
  doc: () => ({ id: 'new' }),
  onSnapshot: () => () => {},
}));

beforeEach(() => {
  made.queries = [];
});

/**
 * Count the indexes that serve a query. Such an index begins with the equality fields, in any order. The fields of the
 * query's order follow. A range must be on the first field of that order.
 */
function serving({ collection, equal, ranges, ordered }: Asked): number {
  return indexFile.indexes.filter(({ collectionGroup, fields }) => {
    const first = fields.slice(0, equal.length).map((field) => field.fieldPath);
    const rest = fields.slice(equal.length).map((field) => `${field.fieldPath} ${field.order}`);
    return (
      collectionGroup === collection &&
      first.sort().join() === equal.join() &&
      rest.join() === ordered.join() &&
      ranges.every((range) => rest[0]?.startsWith(`${range} `))
    );
  }).length;
}

const service = new TrackingJobService({ firestore: {} as firestore.Firestore, orgId: 'acme' });

test.each([
  ['getProjectJobs', () => service.getProjectJobs('acme', 'p1'), ['orgId', 'projectId'], 'createdAt DESCENDING'],
  [
    'watchProjectJobs',
    () => service.watchProjectJobs('acme', 'p1', () => {}),
    ['orgId', 'projectId'],
    'createdAt DESCENDING',
  ],
  ['cleanupOldJobs', () => service.cleanupOldJobs(), ['orgId', 'status'], 'completedAt ASCENDING'],
])('%s makes one query, which has its index', async (_, ask, equal, order) => {
  await ask();
  expect(made.queries).toHaveLength(1);
  const [asked] = made.queries as [Asked];
  expect(asked).toMatchObject({ collection: 'trackingJobs', equal, ordered: [order] });
  expect(serving(asked)).toBe(1);
});

test('a query in another order has none', () => {
  const asked = {
    collection: 'trackingJobs',
    equal: ['orgId', 'projectId'],
    ranges: [],
    ordered: ['createdAt ASCENDING'],
  };
  expect(serving(asked)).toBe(0);
});

test('createJob asks for unfinished jobs, which has its index', async () => {
  await service.createJob('acme', 'p1', 'mia', 'nasa', 'instagram', 'my');
  const [asked] = made.queries as [Asked];
  expect(asked).toMatchObject({ equal: ['orgId', 'projectId', 'status'], ordered: ['createdAt DESCENDING'] });
  expect(serving(asked)).toBe(1);
});

const source = { firestore: {} as firestore.Firestore };
const project = { orgId: 'acme', projectId: 'p1' };
const account = { ...project, accountId: 'a1' };

test.each([
  ['watchAccounts', () => watchAccounts(source, project, () => {}), 'dateAdded'],
  ['watchVideos', () => watchVideos(source, account, () => {}), 'publishedAt'],
  ...(['newest', 'd7', 'd1', 'multiplier', 'unavailableSince'] as const).map((order): [string, () => void, string] => [
    `watchVideos, order ${order},`,
    () => watchVideos(source, { ...account, order }, () => {}),
    order === 'newest' ? 'publishedAt' : order,
  ]),
])('%s orders by one field, which is not exempt from indexes', (_, ask, field) => {
  ask();
  const [asked] = made.queries as [Asked];
  expect(asked).toMatchObject({ equal: [], ranges: [], ordered: [`${field} DESCENDING`] });
  const collectionGroup = asked.collection.split('/').at(-1);
  const exempt = indexFile.fieldOverrides.filter((override) => override.collectionGroup === collectionGroup);
  expect(exempt.length).toBeGreaterThan(0);
  expect(exempt.map((override) => override.fieldPath)).not.toContain(field);
});

test.each([
  ['watchHistory', () => watchHistory(source, account, () => {})],
  ['getVideoHistory', () => getVideoHistory(source, { ...account, videoIds: ['v1'] })],
])('%s asks by document names alone, which need no index', async (_, ask) => {
  await ask();
  expect(made.queries).toEqual([expect.objectContaining({ equal: [], ranges: ['__name__'], ordered: [] })]);
});

test('watchVideos refuses another order', () => {
  const watch = () => watchVideos(source, { ...account, order: 'likes' as 'd7' }, () => {});
  expect(watch).toThrow(expect.objectContaining({ code: 'invalid-input', field: 'order' }));
  expect(made.queries).toEqual([]);
});

describe('webhooks', () => {
  const auth = { authStateReady: async () => {}, currentUser: { uid: 'olga' }, onAuthStateChanged: () => () => {} };
  const news = { ...source, auth } as unknown as NewsSource;
  const DELIVERIES = 'organizations/acme/webhookEndpoints/e1/deliveries';
  const NEWEST = { collection: DELIVERIES, ordered: ['createdAt DESCENDING'] };

  /** Return the query, which names the collection by its last part, as indexes do. */
  const inGroup = (asked: Asked): Asked => ({ ...asked, collection: asked.collection.split('/').at(-1) ?? '' });

  test.each<[string, () => unknown, string[], string[]]>([
    ['all deliveries', () => watchDeliveries(news, 'acme', 'e1', {}, () => {}), [], []],
    ['deliveries in no state', () => watchDeliveries(news, 'acme', 'e1', { states: [] }, () => {}), [], []],
    ['failed deliveries', () => watchDeliveries(news, 'acme', 'e1', { states: ['failed'] }, () => {}), ['state'], []],
    [
      'deliveries to replay',
      () => replayDeliveries(news, 'acme', 'e1', { since: new Date() }),
      ['state'],
      ['createdAt', 'createdAt'],
    ],
  ])('the query of %s has its index', async (_, ask, equal, ranges) => {
    await ask();
    expect(made.queries).toEqual([{ ...NEWEST, equal, ranges }]);
    const [asked] = made.queries.map(inGroup) as [Asked];
    const alone = { collectionGroup: 'deliveries', fieldPath: 'createdAt', indexes: [] };
    expect(indexFile.fieldOverrides).not.toContainEqual(alone);
    expect(serving(asked)).toBe(equal.length);
  });

  test.each<[string, () => unknown]>([
    ['watchEndpoints', () => watchEndpoints(news, 'acme', () => {})],
    ['addEndpoint', () => addEndpoint(news, 'acme', { url: 'https://example.com/' })],
  ])('%s asks by document names alone', async (_, ask) => {
    await ask();
    const collection = 'organizations/acme/webhookEndpoints';
    expect(made.queries).toEqual([{ collection, equal: [], ranges: [], ordered: [] }]);
  });
});
