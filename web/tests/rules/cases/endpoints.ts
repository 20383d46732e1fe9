import {
  collection,
  type DocumentData,
  deleteDoc,
  deleteField,
  doc,
  type Firestore,
  getDocFromServer,
  getDocsFromServer,
  serverTimestamp,
  setDoc,
  Timestamp,
  updateDoc,
} from 'firebase/firestore';
import contract from '../../../../contracts/webhooks.json';
import urls from '../../../../contracts/webhookUrls.json';
import { ADMIN, ENDPOINTS, IN_BOTH, MEMBER, NOBODY, OUTSIDER, OWNER, WITHOUT_ROLE } from '../background';
import type { Case } from '../rulesHarness';

const HOUR_MS = 60 * 60_000; // all moments are far from a limit, because the mutation tests run for minutes
const { fields: FIELDS, limits } = contract.endpoint;
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

const HEALTH = { failingSince: EARLIER, failures: 12, lastStatus: 503, offReason: 'failing', offAt: EARLIER };

/** An endpoint as it is after some time. No field has the value that a new one has. */
const KNOWN: DocumentData = {
  url: 'https://example.com/webhooks',
  description: 'Our shop',
  eventTypes: ['tracking.job.completed'],
  projectIds: ['p1'],
  enabled: true,
  secretVersion: 3,
  secretRotatedAt: EARLIER,
  createdBy: ADMIN,
  createdAt: EARLIER,
  updatedAt: EARLIER,
  health: HEALTH,
};

function newEndpoint(createdBy: string): DocumentData {
  return {
    url: 'https://example.com/webhooks',
    description: '',
    eventTypes: [],
    projectIds: [],
    enabled: true,
    secretVersion: 1,
    secretRotatedAt: null,
    createdBy,
    createdAt: serverTimestamp(),
    updatedAt: serverTimestamp(),
    health: null,
  };
}

let endpoints = 0;

function ownEndpoint(): string {
  endpoints += 1;
  return `${ENDPOINTS}/endpoint-${endpoints}`;
}

function withoutUndefined(fields: DocumentData): DocumentData {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Make a case that adds an endpoint of valid fields, changed by `fields`. An undefined field is left out. */
function add(
  allowed: boolean,
  name: string,
  fields: DocumentData = {},
  { as = OWNER, path = ownEndpoint() }: { as?: string | null; path?: string } = {},
): Case {
  return {
    name: `add an endpoint ${name}`,
    allowed,
    as,
    before: { [path]: null },
    run: (db) => setDoc(doc(db, path), withoutUndefined({ ...newEndpoint(as ?? 'nobody'), ...fields })),
  };
}

/** Make a case that changes an endpoint. `before` changes what is there; an undefined field is left out. */
function change(
  allowed: boolean,
  name: string,
  fields: DocumentData,
  { as = OWNER, before = {} }: { as?: string | null; before?: DocumentData } = {},
): Case {
  const path = ownEndpoint();
  return {
    name: `change an endpoint ${name}`,
    allowed,
    as,
    before: { [path]: withoutUndefined({ ...KNOWN, ...before }) },
    run: (db) => updateDoc(doc(db, path), withoutUndefined({ updatedAt: serverTimestamp(), ...fields })),
  };
}

function touch(allowed: boolean, verb: string, as: string | null, run: (db: Firestore, path: string) => unknown): Case {
  const path = ownEndpoint();
  return {
    name: `${verb} as ${as ?? 'nobody'}`,
    allowed,
    as,
    before: { [path]: KNOWN },
    run: async (db) => run(db, path),
  };
}

/** Values that the chosen fields may have, and values that they may not. */
const TAKEN: [string, DocumentData][] = [
  ...[...new Set([...urls.taken, ...Object.values(urls.typed)])].map((url): [string, DocumentData] => [
    `at ${url}`,
    { url },
  ]),
  ['at a name alone', { url: 'https://example.com' }],
  ['at an address of 1,000 characters', { url: `https://example.com/${'x'.repeat(limits.url - 20)}` }],
  ['with a description of 200 characters', { description: 'x'.repeat(limits.description) }],
  ['for one type', { eventTypes: ['tracking.job.failed'] }],
  ['for 30 types', { eventTypes: Array.from({ length: limits.eventTypes }, (_, number) => `type.${number}`) }],
  ['for 50 projects', { projectIds: Array.from({ length: limits.projectIds }, (_, number) => `p${number}`) }],
  ['for a project of any letters', { projectIds: ['Ünï cödé.\n', 'p1'] }],
  ['for types of 3,840 characters', { eventTypes: ['x'.repeat(30 * 128)] }],
  ['for projects of 6,400 characters', { projectIds: ['x'.repeat(6_000), 'y'.repeat(400)] }],
];
const REFUSED: [string, DocumentData][] = [
  ...[...Object.keys(urls.refused), ...Object.keys(urls.typed)].map((url): [string, DocumentData] => [
    `at ${JSON.stringify(url)}`,
    { url },
  ]),
  ['at an address of 1,001 characters', { url: `https://example.com/${'x'.repeat(limits.url - 19)}` }],
  ['at a question without a path', { url: 'https://example.com?secret' }],
  ['at an address with a newline', { url: 'https://example.com/\n' }],
  ['at a list of addresses', { url: ['https://example.com/'] }],
  ['with a description of 201 characters', { description: 'x'.repeat(limits.description + 1) }],
  ['with a list as the description', { description: ['x'] }],
  ['with a number as the description', { description: 5 }],
  ...(['eventTypes', 'projectIds'] as const).flatMap((field): [string, DocumentData][] => [
    [
      `with one text too many in ${field}`,
      { [field]: Array.from({ length: limits[field] + 1 }, (_, number) => `t${number}`) },
    ],
    [`with one character too many in ${field}`, { [field]: ['x'.repeat(limits[field] * 128 + 1)] }],
    ...[5, null, true, { is: 'map' }, 'a/b'].map((value): [string, DocumentData] => [
      `with ${JSON.stringify(value)} in ${field}`,
      { [field]: ['text', value] },
    ]),
    [`with a text as ${field}`, { [field]: 'text' }],
    [`with a map as ${field}`, { [field]: {} }],
  ]),
  ['that is neither on nor off', { enabled: 'yes' }],
  ['that has a number for on', { enabled: 1 }],
  ["at a client's time", { updatedAt: Timestamp.fromMillis(Date.now() - 1_000) }],
];

const adding: Case[] = [
  ...PEOPLE.map(([as, allowed]) => add(allowed, `as ${as ?? 'nobody'}`, {}, { as })),
  ...TAKEN.map(([name, fields]) => add(true, name, fields)),
  ...REFUSED.map(([name, fields]) => add(false, name, fields)),
  ...Object.keys(FIELDS).map((field) => add(false, `without ${field}`, { [field]: undefined })),
  ...Object.keys(FIELDS)
    .filter((field) => !['secretRotatedAt', 'health'].includes(field))
    .map((field) => add(false, `with null for ${field}`, { [field]: null })),
  add(false, 'with a further field', { somethingElse: 1 }),
  add(true, 'that is off', { enabled: false }),
  ...[0, 2, '1'].map((secretVersion) =>
    add(false, `with the secret ${JSON.stringify(secretVersion)}`, { secretVersion }),
  ),
  add(false, 'with a rotated secret', { secretRotatedAt: serverTimestamp() }),
  add(false, 'in the name of another', { createdBy: ADMIN }),
  add(false, 'created earlier', { createdAt: EARLIER }),
  add(false, 'with health', { health: HEALTH }),
  add(true, 'with an id of every character', {}, { path: `${ENDPOINTS}/aZ09_-` }),
  add(true, 'with an id of 128 characters', {}, { path: `${ENDPOINTS}/${'x'.repeat(128)}` }),
  add(false, 'with an id of 129 characters', {}, { path: `${ENDPOINTS}/${'x'.repeat(129)}` }),
  ...['a b', 'a.b', 'a|b', 'a\nb', 'ä'].map((id) =>
    add(false, `with the id ${JSON.stringify(id)}`, {}, { path: `${ENDPOINTS}/${id}` }),
  ),
];

/** Fields that a change may have, each with another value. */
const CHANGES: DocumentData = {
  url: 'https://other.example.com/',
  description: 'Another',
  eventTypes: [],
  projectIds: ['p1', 'p2'],
  enabled: false,
};
const ROTATION = { secretVersion: 4, secretRotatedAt: serverTimestamp() };
const OFF = { enabled: false };
const ON = { enabled: true, health: null };

function inMs(ms: number): Timestamp {
  return Timestamp.fromMillis(Date.now() + ms);
}

const changing: Case[] = [
  ...PEOPLE.map(([as, allowed]) => change(allowed, `as ${as ?? 'nobody'}`, CHANGES, { as })),
  ...Object.entries(CHANGES).map(([field, value]) => change(true, `in ${field}`, { [field]: value })),
  change(false, 'at another address that is refused', { url: 'https://127.0.0.1/' }),
  change(false, "at a client's time", { updatedAt: EARLIER }),
  ...Object.keys(FIELDS).map((field) => change(false, `and delete ${field}`, { [field]: deleteField() })),
  change(false, 'at the time of its last change', { description: 'Another', updatedAt: undefined }),
  change(false, 'and add a field', { somethingElse: 1 }),
  change(false, 'into that of another', { createdBy: OWNER }),
  change(false, 'into a newer one', { createdAt: serverTimestamp() }),
  change(true, 'that has no health yet', { description: 'Another' }, { before: { health: undefined } }),

  change(true, 'on again, with no health', ON, { before: OFF }),
  change(false, 'on again, with its health', { enabled: true }, { before: OFF }),
  change(true, 'on again, that never had any health', { enabled: true }, { before: { ...OFF, health: null } }),
  change(true, 'on again, where nothing said that it was off', ON, { before: { enabled: undefined } }),
  change(false, 'that is on, with no health', { health: null }),
  change(false, 'that is on, to on with no health', ON),
  change(false, 'that is off, with no health', { health: null }, { before: OFF }),
  change(false, 'off, with no health', { enabled: false, health: null }),
  change(false, 'on again, with another health', { enabled: true, health: { failures: 0 } }, { before: OFF }),
  change(false, 'on again, and delete its health', { enabled: true, health: deleteField() }, { before: OFF }),

  // Somebody wrote these by hand. Their owner can switch them off, and mend them.
  change(true, 'at a port, to off', OFF, { before: { url: 'https://example.com:443/' } }),
  change(true, 'at a port, to an address that is allowed', CHANGES, { before: { url: 'https://example.com:443/' } }),
  change(true, 'without a description, to off', OFF, { before: { description: undefined } }),
  change(true, 'without a description, to one with it', CHANGES, { before: { description: undefined } }),
  change(true, 'with a number among its types, to off', OFF, { before: { eventTypes: [5] } }),
  change(true, 'with a text as its projects, to off', OFF, { before: { projectIds: 'p1' } }),
  change(true, 'that is neither on nor off, in its description', { description: '' }, { before: { enabled: 'yes' } }),
  change(false, 'at a port, to another port', { url: 'https://example.com:444/' }),

  change(true, 'with the next secret', ROTATION),
  change(
    false,
    'with the secret 3.5 after 2.5',
    { ...ROTATION, secretVersion: 3.5 },
    { before: { secretVersion: 2.5 } },
  ),
  change(
    true,
    'with its second secret',
    { ...ROTATION, secretVersion: 2 },
    {
      before: { secretVersion: 1, secretRotatedAt: null },
    },
  ),
  change(true, 'with the next secret after 24.5 hours', ROTATION, {
    before: { secretRotatedAt: inMs(-24.5 * HOUR_MS) },
  }),
  change(false, 'with the next secret after 23.5 hours', ROTATION, {
    before: { secretRotatedAt: inMs(-23.5 * HOUR_MS) },
  }),
  change(false, 'with the next secret after a text', ROTATION, { before: { secretRotatedAt: 'yesterday' } }),
  ...[2, 3, 5, 3.5, '4'].map((secretVersion) =>
    change(false, `with the secret ${JSON.stringify(secretVersion)} after the third`, { ...ROTATION, secretVersion }),
  ),
  change(false, 'with the next secret and no time', { secretVersion: 4 }),
  change(false, 'with the next secret and no time again', { secretVersion: 4, secretRotatedAt: null }),
  change(false, "with the next secret at a client's time", { ...ROTATION, secretRotatedAt: inMs(-1_000) }),
  change(false, 'with a new time of its secret', { secretRotatedAt: serverTimestamp() }),
  change(false, 'with no time of its secret', { secretRotatedAt: null }),
  change(false, 'with another time of its secret', { secretRotatedAt: inMs(-48 * HOUR_MS) }),
];

/** Owners and admins manage the organisation's webhooks. */
export const managingEndpoints: Case[] = [
  ...adding,
  ...changing,
  ...PEOPLE.flatMap(([as, allowed]) => [
    touch(allowed, 'get an endpoint', as, (db, path) => getDocFromServer(doc(db, path))),
    touch(allowed, 'list the endpoints', as, (db) => getDocsFromServer(collection(db, ENDPOINTS))),
    touch(allowed, 'delete an endpoint', as, (db, path) => deleteDoc(doc(db, path))),
  ]),
  touch(true, 'get an endpoint that is gone', OWNER, (db) => getDocFromServer(doc(db, `${ENDPOINTS}/gone`))),
];
