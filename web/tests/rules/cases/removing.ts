import {
  collection,
  deleteDoc,
  doc,
  type Firestore,
  getDocFromServer,
  getDocsFromServer,
  serverTimestamp,
  setDoc,
  writeBatch,
} from 'firebase/firestore';
import { examplesOf } from '../../accountExamples';
import { ACCOUNTS, ADMIN, IN_BOTH, MEMBER, NOBODY, OUTSIDER, OWNER, REMOVALS, WITHOUT_ROLE } from '../background';
import type { Case, Documents } from '../rulesHarness';

const [example] = examplesOf('account').valid;

let accounts = 0;

interface Removal {
  allowed: boolean;
  as?: string | null;
  addedBy?: string;
  /** Fields of the document that asks for the cleanup. */
  asks?: object;
  before?: (id: string) => Documents;
  run?: (db: Firestore, account: string, removal: string) => Promise<unknown>;
}

const ASKS = { removedAt: serverTimestamp() };

function removal(name: string, { allowed, as = OWNER, addedBy = MEMBER, asks = ASKS, before, run }: Removal): Case {
  accounts += 1;
  const id = `removed-${accounts}`;
  const [account, marker] = [`${ACCOUNTS}/${id}`, `${REMOVALS}/${id}`];
  const together = (db: Firestore) => writeBatch(db).delete(doc(db, account)).set(doc(db, marker), asks).commit();
  return {
    name,
    allowed,
    as,
    before: {
      [account]: { ...example?.document, addedBy },
      [marker]: null,
      [`${REMOVALS}/other`]: null,
      ...before?.(id),
    },
    run: (db) => (run ?? together)(db, account, marker),
  };
}

const people: [string | null, boolean][] = [
  [OWNER, true],
  [ADMIN, true],
  [MEMBER, false],
  [WITHOUT_ROLE, false],
  [IN_BOTH, false],
  [OUTSIDER, false],
  [NOBODY, false],
];

/** Managers remove each account, others those that they added: the account together with the request to the cleanup. */
export const removing: Case[] = [
  ...people.map(([as, allowed]) =>
    removal(`remove an account of another as ${as ?? 'nobody'}`, { allowed, as, addedBy: 'somebody' }),
  ),
  ...[MEMBER, WITHOUT_ROLE, IN_BOTH].map((as) =>
    removal(`remove their own account as ${as}`, { allowed: true, as, addedBy: as }),
  ),
  removal('remove an account that an outsider added', { allowed: false, as: OUTSIDER, addedBy: OUTSIDER }),
  removal('remove with their own name', { allowed: true, asks: { ...ASKS, removedBy: OWNER } }),
  removal('remove in the name of another', { allowed: false, asks: { ...ASKS, removedBy: MEMBER } }),
  removal('remove with a further field', { allowed: false, asks: { ...ASKS, more: 1 } }),
  removal('remove at a time of the page', { allowed: false, asks: { removedAt: new Date() } }),
  removal('remove without a time', { allowed: false, asks: {} }),
  removal('remove an account for the second time', {
    allowed: true,
    before: (id) => ({ [`${REMOVALS}/${id}`]: { removedAt: new Date('2026-01-15T09:00:00Z') } }),
  }),
  removal('delete an account and ask for no cleanup', {
    allowed: false,
    run: (db, account) => deleteDoc(doc(db, account)),
  }),
  removal('delete an account whose cleanup was asked for before', {
    allowed: false,
    before: (id) => ({ [`${REMOVALS}/${id}`]: { removedAt: new Date('2026-01-15T09:00:00Z') } }),
    run: (db, account) => deleteDoc(doc(db, account)),
  }),
  removal('ask for the cleanup of an account that stays', {
    allowed: false,
    run: (db, _, marker) => setDoc(doc(db, marker), ASKS),
  }),
  removal('ask again for the cleanup of an account that stays', {
    allowed: false,
    before: (id) => ({ [`${REMOVALS}/${id}`]: { removedAt: new Date('2026-01-15T09:00:00Z') } }),
    run: (db, _, marker) => setDoc(doc(db, marker), ASKS),
  }),
  removal('ask for the cleanup of an account that was never there', {
    allowed: false,
    run: (db) => setDoc(doc(db, `${REMOVALS}/other`), ASKS),
  }),
  removal('ask for the cleanup of another account', {
    allowed: false,
    run: (db, account) =>
      writeBatch(db)
        .delete(doc(db, account))
        .set(doc(db, `${REMOVALS}/other`), ASKS)
        .commit(),
  }),
  removal('read a request to the cleanup', {
    allowed: false,
    before: (id) => ({ [`${REMOVALS}/${id}`]: { removedAt: new Date('2026-01-15T09:00:00Z') } }),
    run: (db, _, marker) => getDocFromServer(doc(db, marker)),
  }),
  removal('list the requests to the cleanup', {
    allowed: false,
    run: (db) => getDocsFromServer(collection(db, REMOVALS)),
  }),
  removal('take a request to the cleanup back', {
    allowed: false,
    before: (id) => ({ [`${REMOVALS}/${id}`]: { removedAt: new Date('2026-01-15T09:00:00Z') } }),
    run: (db, _, marker) => deleteDoc(doc(db, marker)),
  }),
];
