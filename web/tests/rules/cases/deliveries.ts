import {
  collection,
  type DocumentData,
  deleteDoc,
  deleteField,
  doc,
  type Firestore,
  getDocFromServer,
  getDocsFromServer,
  limit,
  orderBy,
  query,
  serverTimestamp,
  setDoc,
  Timestamp,
  updateDoc,
  where,
  writeBatch,
} from 'firebase/firestore';
import contract from '../../../../contracts/webhooks.json';
import {
  ADMIN,
  DELIVERIES,
  ENDPOINT,
  ENDPOINTS,
  IN_BOTH,
  MEMBER,
  NOBODY,
  OUTSIDER,
  OWNER,
  WITHOUT_ROLE,
} from '../background';
import type { Case, Documents } from '../rulesHarness';

const DAY_MS = 24 * 60 * 60_000; // all moments are far from a limit, because the mutation tests run for minutes
const FIELDS = Object.keys(contract.delivery.fields);
const EARLIER = Timestamp.fromMillis(Date.UTC(2026, 0, 15, 9));

const PEOPLE: [string | null, boolean][] = [
  [OWNER, true],
  [ADMIN, true],
  [MEMBER, false],
  [WITHOUT_ROLE, false],
  [IN_BOTH, false],
  [OUTSIDER, false],
  [NOBODY, false],
];

function inDays(days: number): Timestamp {
  return Timestamp.fromMillis(Date.now() + days * DAY_MS);
}

/** Replace the contract's words by what they stand for. */
function meant(fields: DocumentData): DocumentData {
  return Object.fromEntries(
    Object.entries(fields).map(([field, value]) => [field, value === 'now' ? serverTimestamp() : value]),
  );
}

const TEST = { ...meant(contract.test.document), expireAt: inDays(30) } as DocumentData;
const REPLAY = meant(contract.replay.changes);

/** A delivery that is over. No field has the value that a replay writes. */
function delivery(state: string): DocumentData {
  return {
    type: 'tracking.job.completed',
    projectId: 'p1',
    trigger: 'event',
    state,
    createdAt: EARLIER,
    attempt: 10,
    nextAttemptAt: null,
    attempts: [{ at: EARLIER, status: 503, error: null, ms: 120 }],
    expireAt: EARLIER,
  };
}

let deliveries = 0;

function ownDelivery(): string {
  deliveries += 1;
  return `${DELIVERIES}/delivery-${deliveries}`;
}

function withoutUndefined(fields: DocumentData): DocumentData {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function test(
  allowed: boolean,
  name: string,
  fields: DocumentData = {},
  { as = OWNER, path = ownDelivery(), before = {} }: { as?: string | null; path?: string; before?: Documents } = {},
): Case {
  return {
    name: `send a test ${name}`,
    allowed,
    as,
    before: { [path]: null, ...before },
    run: (db) => setDoc(doc(db, path), withoutUndefined({ ...TEST, ...fields })),
  };
}

const testing: Case[] = [
  ...PEOPLE.map(([as, allowed]) => test(allowed, `as ${as ?? 'nobody'}`, {}, { as })),
  ...FIELDS.map((field) => test(false, `without ${field}`, { [field]: undefined })),
  ...FIELDS.filter((field) => field !== 'projectId').map((field) =>
    test(false, `with null for ${field}`, { [field]: null }),
  ),
  test(false, 'with a further field', { somethingElse: 1 }),
  test(false, 'of an event', { type: 'tracking.job.completed' }),
  test(false, 'of a project', { projectId: 'p1' }),
  ...['event', 'replay'].map((trigger) => test(false, `triggered by ${trigger}`, { trigger })),
  ...['delivered', 'failed', 'skipped'].map((state) => test(false, `that is ${state}`, { state })),
  ...[1, -1, '0'].map((attempt) => test(false, `with the attempt ${JSON.stringify(attempt)}`, { attempt })),
  test(false, 'with an attempt in its log', { attempts: [{ at: EARLIER, status: 200, error: null, ms: 1 }] }),
  test(false, 'with a map as its log', { attempts: {} }),
  ...(['createdAt', 'nextAttemptAt'] as const).map((field) =>
    test(false, `at a client's time as ${field}`, { [field]: EARLIER }),
  ),
  test(true, 'that is kept 30.5 days', { expireAt: inDays(30.5) }),
  test(false, 'that is kept 31.5 days', { expireAt: inDays(31.5) }),
  test(false, 'that is kept for a text', { expireAt: 'never' }),
  test(true, 'to an endpoint that is off', {}, { before: { [ENDPOINT]: { enabled: false } } }),
  test(false, 'to an endpoint that is gone', {}, { path: `${ENDPOINTS}/gone/deliveries/d1` }),
  test(true, 'with an id of every character', {}, { path: `${DELIVERIES}/aZ09_-` }),
  test(true, 'with an id of 128 characters', {}, { path: `${DELIVERIES}/${'x'.repeat(128)}` }),
  test(false, 'with an id of 129 characters', {}, { path: `${DELIVERIES}/${'x'.repeat(129)}` }),
  ...['a b', 'a.b', 'a\nb', 'ä', 'a:b'].map((id) =>
    test(false, `with the id ${JSON.stringify(id)}`, {}, { path: `${DELIVERIES}/${id}` }),
  ),
];

interface Replay {
  as?: string | null;
  state?: string;
  before?: DocumentData;
  /** The endpoint; null for none. */
  endpoint?: DocumentData | null;
}

function replay(
  allowed: boolean,
  name: string,
  fields: DocumentData = REPLAY,
  { as = OWNER, state = 'failed', before = {}, endpoint = { enabled: true } }: Replay = {},
): Case {
  const path = ownDelivery();
  return {
    name: `replay a delivery ${name}`,
    allowed,
    as,
    before: { [ENDPOINT]: endpoint, [path]: withoutUndefined({ ...delivery(state), ...before }) },
    run: (db) => updateDoc(doc(db, path), withoutUndefined(fields)),
  };
}

const OTHERS: DocumentData = {
  type: 'tracking.job.failed',
  projectId: 'p2',
  createdAt: Timestamp.fromMillis(Date.UTC(2026, 1, 1)),
  attempts: [],
  expireAt: inDays(20),
  somethingElse: 1,
};

/** Replay many deliveries in one batch. The rules read the member and the endpoint once, below the limit of 20 reads. */
function replayMany(allowed: boolean, last: string): Case {
  const paths = Array.from({ length: 100 }, ownDelivery);
  const before = Object.fromEntries(
    paths.map((path, number) => [path, delivery(number === paths.length - 1 ? last : 'skipped')]),
  );
  return {
    name: `replay 100 deliveries in one batch, the last of them ${last}`,
    allowed,
    as: ADMIN,
    before: { [ENDPOINT]: { enabled: true }, ...before },
    run: (db) => paths.reduce((batch, path) => batch.update(doc(db, path), REPLAY), writeBatch(db)).commit(),
  };
}

const replaying: Case[] = [
  ...PEOPLE.map(([as, allowed]) => replay(allowed, `as ${as ?? 'nobody'}`, REPLAY, { as })),
  ...contract.delivery.states.map((state) =>
    replay(contract.replay.from.includes(state), `that is ${state}`, REPLAY, { state }),
  ),
  replay(false, 'of a test', REPLAY, { before: { type: contract.replay.notOf, projectId: null } }),
  replay(false, 'of no type', REPLAY, { before: { type: undefined } }),
  replay(false, 'that is unknown', REPLAY, { state: 'unknown' }),
  replay(true, 'that was replayed before', REPLAY, { before: { trigger: 'replay', attempt: 1 } }),
  replay(true, 'with no number of attempts', REPLAY, { before: { attempt: undefined } }),
  ...Object.entries(OTHERS).map(([field, value]) => replay(false, `and set ${field}`, { ...REPLAY, [field]: value })),
  ...Object.keys(OTHERS).map((field) =>
    replay(false, `and delete ${field}`, { ...REPLAY, [field]: deleteField() }, { before: { [field]: 'text' } }),
  ),
  ...Object.keys(REPLAY).flatMap((field) => [
    replay(false, `and leave out ${field}`, { ...REPLAY, [field]: undefined }),
    replay(false, `and delete ${field}`, { ...REPLAY, [field]: deleteField() }),
  ]),
  ...['delivered', 'failed', 'skipped'].map((state) => replay(false, `into ${state}`, { ...REPLAY, state })),
  ...['event', 'test'].map((trigger) => replay(false, `as a ${trigger}`, { ...REPLAY, trigger })),
  ...[1, -1, '0', null].map((attempt) =>
    replay(false, `as attempt ${JSON.stringify(attempt)}`, { ...REPLAY, attempt }),
  ),
  replay(false, "at a client's time", { ...REPLAY, nextAttemptAt: Timestamp.fromMillis(Date.now() - 1_000) }),
  replay(false, 'at no time', { ...REPLAY, nextAttemptAt: null }),
  replay(false, 'of an endpoint that is off', REPLAY, { endpoint: { enabled: false } }),
  replay(false, 'of an endpoint that is neither on nor off', REPLAY, { endpoint: {} }),
  replay(false, 'of an endpoint with a text for on', REPLAY, { endpoint: { enabled: 'yes' } }),
  replay(false, 'of an endpoint that is gone', REPLAY, { endpoint: null }),
  replayMany(true, 'failed'),
  replayMany(false, 'pending'),
  {
    name: 'replay a delivery that is not there',
    allowed: false,
    as: OWNER,
    before: { [ENDPOINT]: { enabled: true } },
    run: (db) => updateDoc(doc(db, `${DELIVERIES}/gone`), REPLAY),
  },
];

function touch(allowed: boolean, verb: string, as: string | null, run: (db: Firestore, path: string) => unknown): Case {
  const path = ownDelivery();
  return {
    name: `${verb} as ${as ?? 'nobody'}`,
    allowed,
    as,
    before: { [ENDPOINT]: { enabled: true }, [path]: delivery('failed') },
    run: async (db) => run(db, path),
  };
}

/** Owners and admins read the log of an endpoint, send tests and replay events. */
export const managingDeliveries: Case[] = [
  ...testing,
  ...replaying,
  ...PEOPLE.flatMap(([as, allowed]) => [
    touch(allowed, 'get a delivery', as, (db, path) => getDocFromServer(doc(db, path))),
    touch(allowed, 'list the deliveries', as, (db) =>
      getDocsFromServer(query(collection(db, DELIVERIES), orderBy('createdAt', 'desc'), limit(51))),
    ),
    touch(allowed, 'list the failed deliveries', as, (db) =>
      getDocsFromServer(query(collection(db, DELIVERIES), where('state', '==', 'failed'))),
    ),
    touch(false, 'delete a delivery', as, (db, path) => deleteDoc(doc(db, path))),
  ]),
  touch(true, 'get a delivery that is gone', OWNER, (db) => getDocFromServer(doc(db, `${DELIVERIES}/gone`))),
];
