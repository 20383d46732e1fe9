import {
  collection,
  deleteDoc,
  doc,
  getDocFromServer,
  getDocsFromServer,
  orderBy,
  query,
  setDoc,
} from 'firebase/firestore';
import contract from '../../../../contracts/account.json';
import { type Example, examplesOf, type RecordKind } from '../../accountExamples';
import { MEMBER, NOBODY, OUTSIDER, OWNER } from '../background';
import type { Case } from '../rulesHarness';

/** The project of these examples. It has no other documents, so none are in its lists. */
const PROJECT = { orgId: 'acme', projectId: 'contract', accountId: 'account' };

function collectionOf(kind: RecordKind): string {
  return Object.entries(PROJECT).reduce(
    (path, [name, id]) => path.replace(`{${name}}`, id),
    contract.collections[kind],
  );
}

/** Make the cases of one example document: members may read it, outsiders may not, nobody may write it. */
function casesOf(kind: RecordKind, { name, id, document }: Example): Case[] {
  const path = `${collectionOf(kind)}/${id}`;
  const stored = { before: { [path]: document } };
  const read = (allowed: boolean, who: string, as: string | null): Case => ({
    name: `get the ${kind} "${name}" as ${who}`,
    allowed,
    as,
    ...stored,
    run: (db) => getDocFromServer(doc(db, path)),
  });
  return [
    read(true, 'a member', MEMBER),
    read(false, 'an outsider', OUTSIDER),
    read(false, 'nobody', NOBODY),
    ...[MEMBER, OWNER].flatMap((as): Case[] => [
      {
        name: `create the ${kind} "${name}" as ${as}`,
        allowed: false,
        as,
        before: { [path]: null },
        run: (db) => setDoc(doc(db, path), document),
      },
      {
        name: `write the ${kind} "${name}" again as ${as}`,
        allowed: false,
        as,
        ...stored,
        run: (db) => setDoc(doc(db, path), document),
      },
      {
        name: `delete the ${kind} "${name}" as ${as}`,
        allowed: false,
        as,
        ...stored,
        run: (db) => deleteDoc(doc(db, path)),
      },
    ]),
  ];
}

function listOf(kind: RecordKind, allowed: boolean, who: string, as: string | null): Case {
  const [example] = examplesOf(kind).valid as [Example];
  return {
    name: `list ${kind} documents in the contract's order as ${who}`,
    allowed,
    as,
    before: { [`${collectionOf(kind)}/${example.id}`]: example.document },
    run: async (db) => {
      const newestFirst = query(collection(db, collectionOf(kind)), orderBy(contract.newestBy[kind], 'desc'));
      const { docs } = await getDocsFromServer(newestFirst);
      if (!docs.some(({ id }) => id === example.id)) {
        throw new Error('The example is not in the list.');
      }
    },
  };
}

/** Requests about the example documents of `contracts/account.json`. */
export const accounts: Case[] = (['account', 'video'] as const).flatMap((kind) => {
  const { valid, odd } = examplesOf(kind);
  return [
    ...[...valid, ...odd].flatMap((example) => casesOf(kind, example)),
    listOf(kind, true, 'a member', MEMBER),
    listOf(kind, false, 'an outsider', OUTSIDER),
    listOf(kind, false, 'nobody', NOBODY),
  ];
});
