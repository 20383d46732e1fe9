import {
  collection,
  type DocumentData,
  deleteDoc,
  deleteField,
  doc,
  documentId,
  type Firestore,
  getDocFromServer,
  getDocsFromServer,
  query,
  serverTimestamp,
  setDoc,
  Timestamp,
  updateDoc,
  where,
} from 'firebase/firestore';
import contract from '../../../../contracts/notifications.json';
import { ADMIN, IN_BOTH, MEMBER, NOBODY, OUTSIDER, OWNER, SETTINGS, WITHOUT_ROLE } from '../background';
import type { Case } from '../rulesHarness';

const EARLIER = Timestamp.fromMillis(Date.UTC(2026, 0, 15, 9));
const LATER = Timestamp.fromMillis(Date.UTC(2026, 0, 16, 9));

const NEW: DocumentData = { ...contract.defaults, updatedAt: serverTimestamp() };
const KNOWN: DocumentData = {
  email: 'daily',
  alerts: true,
  hour: 9,
  timezone: 'Europe/Berlin',
  projectIds: ['p1'],
  lastSeenAt: EARLIER,
  updatedAt: EARLIER,
};

function withoutUndefined(fields: DocumentData): DocumentData {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Make a case in which somebody saves settings for the first time: their own, unless `of` names another. */
function first(
  allowed: boolean,
  name: string,
  fields: DocumentData = {},
  { as = MEMBER, of = as }: { as?: string | null; of?: string | null } = {},
): Case {
  const path = `${SETTINGS}/${of ?? 'somebody'}`;
  return {
    name: `save settings first ${name}`,
    allowed,
    as,
    before: { [path]: null },
    run: (db) => setDoc(doc(db, path), withoutUndefined({ ...NEW, ...fields })),
  };
}

/** Make a case in which somebody changes settings; otherwise as `first`. */
function change(
  allowed: boolean,
  name: string,
  fields: DocumentData = { email: 'weekly' },
  { as = MEMBER, of = as, before = KNOWN }: { as?: string | null; of?: string | null; before?: DocumentData } = {},
): Case {
  const path = `${SETTINGS}/${of ?? 'somebody'}`;
  return {
    name: `change settings ${name}`,
    allowed,
    as,
    before: { [path]: before },
    run: (db) => updateDoc(doc(db, path), withoutUndefined({ updatedAt: serverTimestamp(), ...fields })),
  };
}

const PEOPLE: [string | null, boolean][] = [
  [OWNER, true],
  [ADMIN, true],
  [WITHOUT_ROLE, true],
  [IN_BOTH, true],
  [MEMBER, true],
  [OUTSIDER, false],
  [NOBODY, false],
];

const TAKEN: [string, DocumentData][] = [
  ...contract.cadences.map((email): [string, DocumentData] => [`with ${email}`, { email }]),
  ...[true, false].map((alerts): [string, DocumentData] => [`with alerts ${alerts}`, { alerts }]),
  ...[0, 23].map((hour): [string, DocumentData] => [`at ${hour} o'clock`, { hour }]),
  ...['UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'America/Port-au-Prince', 'x'.repeat(64)].map(
    (timezone): [string, DocumentData] => [`in ${timezone}`, { timezone }],
  ),
  ['for 50 projects', { projectIds: Array.from({ length: contract.limits.projectIds }, (_, number) => `p${number}`) }],
];
const REFUSED: [string, DocumentData][] = [
  ...['hourly', 'Daily', '', 5, null].map((email): [string, DocumentData] => [
    `with ${JSON.stringify(email)} as the cadence`,
    { email },
  ]),
  ...['yes', 1, null].map((alerts): [string, DocumentData] => [`with alerts ${JSON.stringify(alerts)}`, { alerts }]),
  ...[-1, 24, 7.5, '7', null].map((hour): [string, DocumentData] => [`at the hour ${JSON.stringify(hour)}`, { hour }]),
  ...['', '/etc/passwd', '../UTC', '+01:00', 'Europe Berlin', 'Zürich', 'UTC\n', 5, null, ['UTC'], 'x'.repeat(65)].map(
    (timezone): [string, DocumentData] => [`in ${JSON.stringify(timezone)}`, { timezone }],
  ),
  ['for 51 projects', { projectIds: Array.from({ length: 51 }, (_, number) => `p${number}`) }],
  ['for 49 projects and a number', { projectIds: [...Array.from({ length: 49 }, (_, number) => `p${number}`), 5] }],
  ['for a project of 6,401 characters', { projectIds: ['x'.repeat(6_401)] }],
  ['for a text as the projects', { projectIds: 'p1' }],
  ["at a client's time", { updatedAt: EARLIER }],
  ['and a further field', { somethingElse: 1 }],
];

function touch(allowed: boolean, verb: string, as: string | null, run: (db: Firestore) => unknown): Case {
  const before = { [`${SETTINGS}/${as ?? 'somebody'}`]: KNOWN, [`${SETTINGS}/else`]: KNOWN };
  return { name: `${verb} as ${as ?? 'nobody'}`, allowed, as, before, run: async (db) => run(db) };
}

/** Members read and write their own settings for mails. */
export const notifying: Case[] = [
  ...PEOPLE.flatMap(([as, allowed]) => [
    first(allowed, `as ${as ?? 'nobody'}`, {}, { as }),
    change(allowed, `as ${as ?? 'nobody'}`, {}, { as }),
    touch(allowed, 'get settings', as, (db) => getDocFromServer(doc(db, SETTINGS, as ?? 'somebody'))),
    touch(false, 'get the settings of another', as, (db) => getDocFromServer(doc(db, SETTINGS, 'else'))),
    touch(false, 'list all settings', as, (db) => getDocsFromServer(collection(db, SETTINGS))),
    touch(false, 'list own settings', as, (db) =>
      getDocsFromServer(query(collection(db, SETTINGS), where(documentId(), '==', as ?? 'somebody'))),
    ),
    touch(false, 'delete settings', as, (db) => deleteDoc(doc(db, SETTINGS, as ?? 'somebody'))),
  ]),
  ...[OWNER, ADMIN].flatMap((as) => [
    first(false, `of another as ${as}`, {}, { as, of: MEMBER }),
    change(false, `of another as ${as}`, {}, { as, of: MEMBER }),
  ]),
  ...TAKEN.map(([name, fields]) => first(true, name, fields)),
  ...REFUSED.map(([name, fields]) => first(false, name, fields)),
  change(false, 'to an unknown cadence', { email: 'hourly' }),
  ...Object.keys(contract.fields).flatMap((field) => [
    first(false, `without ${field}`, { [field]: undefined }),
    change(false, `and delete ${field}`, { [field]: deleteField() }),
  ]),
  change(false, 'at the time of their last change', { email: 'weekly', updatedAt: undefined }),
  first(true, 'when seen', { lastSeenAt: serverTimestamp() }),
  first(false, 'when seen earlier', { lastSeenAt: EARLIER }),
  change(true, 'when seen', { lastSeenAt: serverTimestamp() }),
  change(true, 'to those of somebody who was never seen', { lastSeenAt: null }),
  change(false, 'when seen at another time', { lastSeenAt: LATER }),
  change(false, 'when seen at a text', { lastSeenAt: 'now' }),
  change(true, 'of which only the cadence was there', { ...NEW, email: 'soon' }, { before: { email: 'off' } }),
];
