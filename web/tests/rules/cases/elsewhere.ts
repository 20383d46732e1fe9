import {
  collection,
  deleteDoc,
  doc,
  type Firestore,
  getDocFromServer,
  getDocsFromServer,
  query,
  setDoc,
  updateDoc,
} from 'firebase/firestore';
import {
  ACCOUNT,
  ACCOUNT_HISTORY,
  ACME_JOB,
  DELIVERY,
  ENDPOINT,
  EVENT,
  MAIL,
  MAIL_WINDOW,
  MEMBER,
  NOBODY,
  OUTSIDER,
  OWNER,
  PAUSES,
  PAUSES_SHOWN,
  SETTINGS,
  SUPPRESSION,
  VIDEO,
  VIDEO_HISTORY,
  VIDEO_INDEX,
  WAITS_SHOWN,
} from '../background';
import type { Case } from '../rulesHarness';

/** Make one denied case for each kind of request to a document and to its collection. */
function untouchable(path: string, as: string | null, verbs = ['get', 'list', 'create', 'update', 'delete']): Case[] {
  const beside = `${path}-new`;
  const inCollection = path.slice(0, path.lastIndexOf('/'));
  const requests: Record<string, Case['run']> = {
    get: (db) => getDocFromServer(doc(db, path)),
    list: (db) => getDocsFromServer(query(collection(db, inCollection))),
    create: (db) => setDoc(doc(db, beside), { orgId: 'acme', role: 'owner' }),
    update: (db) => updateDoc(doc(db, path), { orgId: 'acme', role: 'owner' }),
    delete: (db) => deleteDoc(doc(db, path)),
  };
  return verbs.map((verb) => ({
    name: `${verb} ${path} as ${as ?? 'nobody'}`,
    allowed: false,
    as,
    // Undo the writes that a mutant may have allowed: delete the new document, and set the old one again.
    before: { [beside]: null, [path]: { orgId: 'acme', role: as === OWNER ? 'owner' : 'member' } },
    run: requests[verb] as Case['run'],
  }));
}

const WRITES = ['create', 'update', 'delete'];

/** Documents that only the functions write or read, and other documents of the customer's database. */
export const elsewhere: Case[] = [
  ...[MEMBER, OWNER, OUTSIDER, NOBODY].flatMap((as) => [
    ...untouchable(ACCOUNT, as, WRITES),
    ...untouchable(VIDEO, as, WRITES),
    ...untouchable(ACCOUNT_HISTORY, as, WRITES),
    ...untouchable(VIDEO_HISTORY, as, WRITES),
    ...untouchable(VIDEO_INDEX, as),
  ]),
  ...[MEMBER, OWNER].flatMap((as) => [
    ...untouchable(PAUSES, as),
    ...untouchable(EVENT, as),
    ...untouchable(MAIL, as),
    ...untouchable(MAIL_WINDOW, as),
    ...untouchable(SUPPRESSION, as),
    ...untouchable(`organizations/acme/members/${as}`, as),
    ...untouchable('organizations/acme', as),
    ...untouchable('organizations/acme/projects/p1', as),
    ...untouchable('elsewhere/document', as),
    ...untouchable(`${ACME_JOB}/notes/n1`, as),
    ...untouchable(`${ACCOUNT}/notes/n1`, as),
    ...untouchable(`${VIDEO}/notes/n1`, as),
    ...untouchable(`${ACCOUNT_HISTORY}/notes/n1`, as),
    ...untouchable(`${VIDEO_HISTORY}/notes/n1`, as),
    ...untouchable(`${PAUSES_SHOWN}/notes/n1`, as),
    ...untouchable(`${WAITS_SHOWN}/notes/n1`, as),
    ...untouchable(`${ENDPOINT}/notes/n1`, as),
    ...untouchable(`${DELIVERY}/notes/n1`, as),
    ...untouchable(`${SETTINGS}/${as}/notes/n1`, as),
  ]),
  ...untouchable(PAUSES, NOBODY),
  ...[EVENT, MAIL, MAIL_WINDOW, SUPPRESSION].flatMap((path) => untouchable(path, NOBODY)),
  ...untouchable(PAUSES_SHOWN, NOBODY),
  ...[MEMBER, OWNER].flatMap((as) => untouchable(PAUSES_SHOWN, as, ['list', ...WRITES])),
  ...[MEMBER, OUTSIDER].map((as) => ({
    name: `get ${PAUSES_SHOWN} as ${as}`,
    allowed: true,
    as,
    run: (db: Firestore) => getDocFromServer(doc(db, PAUSES_SHOWN)),
  })),
  ...[NOBODY, OUTSIDER].flatMap((as) => untouchable(WAITS_SHOWN, as)),
  ...[MEMBER, OWNER].flatMap((as) => untouchable(WAITS_SHOWN, as, ['list', ...WRITES])),
  ...[MEMBER, OWNER].map((as) => ({
    name: `get ${WAITS_SHOWN} as ${as}`,
    allowed: true,
    as,
    run: (db: Firestore) => getDocFromServer(doc(db, WAITS_SHOWN)),
  })),
  ...untouchable('elsewhere/document', NOBODY),
];
