/** A page removes an account on the emulator, under the real rules. */

import { Timestamp } from 'firebase/firestore';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { removeAccount } from '../../src/service';
import { Harness, MEMBER, ORG, STRANGER } from './emulatorHarness';

vi.setConfig({ testTimeout: 60_000 });

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.create();
});
afterAll(() => harness.end());

const scopeOf = (accountId: string) => ({ orgId: ORG, projectId: 'removing', accountId });
const pathOf = (accountId: string) => `organizations/${ORG}/projects/removing/trackedAccounts/${accountId}`;
const removalOf = (accountId: string) => `organizations/${ORG}/projects/removing/removedAccounts/${accountId}`;

test('an account goes, and the cleanup is asked for', async () => {
  await harness.set(pathOf('own'), { username: 'nasa', addedBy: MEMBER });
  await harness.set(`${pathOf('own')}/videos/v1`, { title: 'Launch' });
  const before = Date.now();
  await removeAccount(harness.sourceOf(MEMBER), scopeOf('own'));
  expect(await harness.get(pathOf('own'))).toBeUndefined();
  const { removedAt, ...others } = (await harness.get(removalOf('own'))) ?? {};
  expect((removedAt as Timestamp).toMillis()).toBeGreaterThanOrEqual(before - 1_000);
  expect(others).toEqual({}); // the source has no sign-in
  expect(await harness.get(`${pathOf('own')}/videos/v1`)).toEqual({ title: 'Launch' });
});

test("a member cannot remove another's account", async () => {
  await harness.set(pathOf('others'), { username: 'nasa', addedBy: 'somebody', dateAdded: Timestamp.now() });
  const removal = removeAccount(harness.sourceOf(MEMBER), scopeOf('others'));
  await expect(removal).rejects.toMatchObject({ code: 'not-allowed' });
  expect(await harness.get(pathOf('others'))).toMatchObject({ username: 'nasa' });
  expect(await harness.get(removalOf('others'))).toBeUndefined();
});

test('nor can a stranger, and a missing account is told', async () => {
  await harness.set(pathOf('foreign'), { username: 'nasa', addedBy: STRANGER });
  const removal = removeAccount(harness.sourceOf(STRANGER), scopeOf('foreign'));
  await expect(removal).rejects.toMatchObject({ code: 'not-allowed' });
  const missing = removeAccount(harness.sourceOf(MEMBER), scopeOf('never'));
  await expect(missing).rejects.toMatchObject({ code: 'account-not-found' });
});
