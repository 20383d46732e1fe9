/** A member chooses an account's cadence and asks for a refresh, on the emulator, under the real rules. */

import { Timestamp } from 'firebase/firestore';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Cadence } from '../../src/account';
import { WAITS_DOCUMENT } from '../../src/refreshWaits';
import { type RefreshWaits, refreshNow, setRefresh, watchRefreshWaits } from '../../src/service';
import { Harness, MEMBER, ORG, Recorder, STRANGER } from './emulatorHarness';

vi.setConfig({ testTimeout: 60_000 });

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.create();
});
afterAll(() => harness.end());

const HOUR_MS = 3_600_000;
const scopeOf = (accountId: string) => ({ orgId: ORG, projectId: 'refreshes', accountId });
const pathOf = (accountId: string) => `organizations/${ORG}/projects/refreshes/trackedAccounts/${accountId}`;
const inHours = (hours: number) => Timestamp.fromMillis(Date.now() + hours * HOUR_MS);

/** Return the hours from now to a moment, rounded. */
function hoursTo(moment: Timestamp): number {
  return Math.round((moment.toMillis() - Date.now()) / HOUR_MS);
}

describe('setRefresh', () => {
  test('changes the cadence, from off and back', async () => {
    const source = harness.sourceOf(MEMBER);
    await harness.set(pathOf('all'), { username: 'nasa', lastSyncedAt: inHours(-3), nextRefreshAt: inHours(20) });
    const seen: unknown[] = [];
    for (const mode of ['weekly', 'daily', '6h', 'off', 'auto', 'off', 'off'] satisfies Cadence[]) {
      await setRefresh(source, scopeOf('all'), mode);
      const { refreshCadence, nextRefreshAt } = (await harness.get(pathOf('all'))) ?? {};
      seen.push([refreshCadence, nextRefreshAt && hoursTo(nextRefreshAt)]);
    }
    expect(seen).toEqual([
      ['weekly', 20],
      ['daily', 20],
      ['6h', 2],
      ['off', null],
      ['auto', 2],
      ['off', null],
      ['off', null],
    ]);
    expect(await harness.get(pathOf('all'))).toMatchObject({ username: 'nasa' });
  });

  test('works for an account that was never planned', async () => {
    await harness.set(pathOf('older'), { lastSyncedAt: inHours(-3) });
    await setRefresh(harness.sourceOf(MEMBER), scopeOf('older'), 'daily');
    expect(hoursTo((await harness.get(pathOf('older')))?.nextRefreshAt)).toBe(2);
  });
});

describe('refreshNow', () => {
  test('makes the account due, and once an hour', async () => {
    const source = harness.sourceOf(MEMBER);
    await harness.set(pathOf('pressed'), { lastSyncedAt: inHours(-3), nextRefreshAt: inHours(20) });
    await refreshNow(source, scopeOf('pressed'));
    const asked = await harness.get(pathOf('pressed'));
    expect(hoursTo(asked?.nextRefreshAt)).toBeCloseTo(0);
    expect(asked?.refreshAskedAt).toEqual(asked?.nextRefreshAt);
    const again = await refreshNow(source, scopeOf('pressed')).catch((error: unknown) => error);
    expect(again).toMatchObject({ code: 'too-early' });
    const waitMs = (again as { allowedAt: Date }).allowedAt.getTime() - asked?.refreshAskedAt.toMillis();
    expect(waitMs).toBeGreaterThanOrEqual(HOUR_MS);
    expect(waitMs).toBeLessThanOrEqual(HOUR_MS + 60_000);
    expect(await harness.get(pathOf('pressed'))).toEqual(asked);
  });

  test('pressed twice at once is no failure', async () => {
    const source = harness.sourceOf(MEMBER);
    await harness.set(pathOf('double'), { lastSyncedAt: inHours(-3) });
    const presses = [refreshNow(source, scopeOf('double')), refreshNow(source, scopeOf('double'))];
    const answers = await Promise.allSettled(presses);
    // The second press may find the first one while it is written, or when it is over.
    expect(answers.some(({ status }) => status === 'fulfilled')).toBe(true);
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason.code] : []));
    expect(failures.filter((code) => code !== 'too-early')).toEqual([]);
    expect(hoursTo((await harness.get(pathOf('double')))?.refreshAskedAt)).toBeCloseTo(0);
  });

  test('rejects while the refreshes are off', async () => {
    await harness.set(pathOf('off'), { lastSyncedAt: inHours(-3), refreshCadence: 'off', nextRefreshAt: null });
    const asked = refreshNow(harness.sourceOf(MEMBER), scopeOf('off'));
    await expect(asked).rejects.toMatchObject({ code: 'illegal-change', status: 'off' });
  });
});

test.each([
  ['setRefresh', (uid: string, accountId: string) => setRefresh(harness.sourceOf(uid), scopeOf(accountId), 'daily')],
  ['refreshNow', (uid: string, accountId: string) => refreshNow(harness.sourceOf(uid), scopeOf(accountId))],
] as const)('%s tells strangers and missing accounts apart', async (_, call) => {
  await harness.set(pathOf('ours'), { lastSyncedAt: inHours(-3) });
  await expect(call(STRANGER, 'ours')).rejects.toMatchObject({ code: 'not-allowed' });
  await expect(call(MEMBER, 'missing')).rejects.toMatchObject({ code: 'account-not-found' });
  expect(Object.keys((await harness.get(pathOf('ours'))) ?? {})).toEqual(['lastSyncedAt']);
});

describe('watchRefreshWaits', () => {
  const ofOrg = `organizations/${ORG}/${WAITS_DOCUMENT}`;
  const until = Timestamp.fromMillis(Date.UTC(2030, 0, 1));

  test('a member hears of waits, and of their end', async () => {
    const recorder = new Recorder<RefreshWaits>();
    const stop = watchRefreshWaits(harness.sourceOf(MEMBER), ORG, recorder.record);
    expect(await recorder.until(() => true)).toEqual({ platforms: [], organization: null });
    await harness.set(WAITS_DOCUMENT, { youtube: { until, all: false }, twitter: null });
    await harness.set(ofOrg, { until, all: true });
    const waits = await recorder.until(({ platforms, organization }) => platforms.length > 0 && organization !== null);
    expect(waits).toEqual({
      platforms: [{ platform: 'youtube', until: until.toDate(), all: false }],
      organization: { until: until.toDate(), all: true },
    });
    await harness.set(ofOrg, { until: null, all: false });
    await recorder.until(({ organization }) => organization === null);
    stop();
  });

  test('a stranger hears of an error alone', async () => {
    const heard = vi.fn();
    const code = await new Promise((resolve) => {
      const stop = watchRefreshWaits(harness.sourceOf(STRANGER), ORG, heard, (error) => {
        stop();
        resolve(error.code);
      });
    });
    expect([code, heard.mock.calls]).toEqual(['not-allowed', []]);
  });

  test('an id that is no part of a path is refused', () => {
    expect(() => watchRefreshWaits(harness.sourceOf(MEMBER), 'a/b', () => {})).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    );
  });
});
