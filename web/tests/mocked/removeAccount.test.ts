/** A page removes an account: what one commit deletes and writes, and its errors. */

import type { Auth } from 'firebase/auth';
import type * as firestore from 'firebase/firestore';
import type { DocumentData, Firestore } from 'firebase/firestore';
import { beforeEach, expect, test, vi } from 'vitest';
import { removeAccount } from '../../src/removeAccount';

const database = vi.hoisted(() => ({
  accountExists: true,
  commits: [] as unknown[],
  /** Ends an attempt in place of the commit. */
  commit: (): void => {},
  /** The number of times that Firestore itself runs the change. */
  runs: 1,
}));

vi.mock('firebase/firestore', async (original) => ({
  ...(await original<typeof firestore>()),
  doc: (_: unknown, path: string) => path,
  serverTimestamp: () => '<now>',
  runTransaction: async (_: unknown, change: (transaction: unknown) => Promise<void>) => {
    for (let run = 0; run < database.runs; run += 1) {
      const commit: unknown[] = [];
      await change({
        get: async () => ({ exists: () => database.accountExists }),
        delete: (path: string) => commit.push(['delete', path]),
        set: (path: string, fields: DocumentData) => commit.push(['set', path, fields]),
      });
      database.commits.push(commit);
      database.commit();
    }
  },
}));

const source = { firestore: {} as Firestore };
const scope = { orgId: 'acme', projectId: 'p1', accountId: 'a1' };
const PROJECT = 'organizations/acme/projects/p1';
const REMOVAL = [
  ['delete', `${PROJECT}/trackedAccounts/a1`],
  ['set', `${PROJECT}/removedAccounts/a1`, { removedAt: '<now>' }],
];

beforeEach(() => {
  Object.assign(database, { accountExists: true, commits: [], commit: () => {}, runs: 1 });
});

test('deletes the account and asks for the cleanup', async () => {
  await removeAccount(source, scope);
  expect(database.commits).toEqual([REMOVAL]);
});

test('says who removed it where the page has a sign-in', async () => {
  const auth = { authStateReady: async () => {}, currentUser: { uid: 'ada' } } as unknown as Auth;
  await removeAccount({ ...source, auth }, scope);
  expect(database.commits[0]).toContainEqual([
    'set',
    `${PROJECT}/removedAccounts/a1`,
    { removedAt: '<now>', removedBy: 'ada' },
  ]);
});

test('rejects for an account that is not there', async () => {
  database.accountExists = false;
  await expect(removeAccount(source, scope)).rejects.toMatchObject({ code: 'account-not-found' });
  expect(database.commits).toEqual([]);
});

test('is done when the reply of its write was lost', async () => {
  database.runs = 2;
  database.commit = () => {
    database.accountExists = false;
  };
  await removeAccount(source, scope);
  expect(database.commits).toEqual([REMOVAL, []]);
});

test('removes again when its write did not arrive', async () => {
  database.runs = 2;
  await removeAccount(source, scope);
  expect(database.commits).toEqual([REMOVAL, REMOVAL]);
});

test('rejects for a user who may not remove it', async () => {
  database.commit = () => {
    throw Object.assign(new Error('evaluation error'), { code: 'permission-denied' });
  };
  await expect(removeAccount(source, scope)).rejects.toMatchObject({ code: 'not-allowed' });
});

test.each(['', 'a/b'])('rejects the account id "%s"', async (accountId) => {
  const removal = removeAccount(source, { ...scope, accountId });
  await expect(removal).rejects.toMatchObject({ code: 'invalid-input', field: 'accountId' });
});
