import { expect, test } from 'vitest';
import { askedWaitOf, waitOf } from '../../demo/useRefreshWaits';
import type { TrackedAccount } from '../../src/account';

const account = { platform: 'youtube' } as TrackedAccount;
const wait = (hour: number) => ({ until: new Date(Date.UTC(2026, 10, 30, hour)), all: false });

test.each([
  ['nothing', [], null, null],
  ['its platform', [{ platform: 'youtube', ...wait(5) }], null, 5],
  ['another platform', [{ platform: 'twitter', ...wait(5) }], null, null],
  ['its organisation', [], wait(4), 4],
  ['both', [{ platform: 'youtube', ...wait(5) }], wait(6), 6],
] as const)('an account waits for %s', (_, platforms, organization, hour) => {
  const expected = hour === null ? null : wait(hour).until;
  expect(waitOf(account, { platforms, organization })).toEqual(expected);
});

test('a press waits where nothing is left for presses', () => {
  const platforms = [{ platform: 'youtube', ...wait(5), all: true }] as const;
  expect(askedWaitOf(account, { platforms, organization: wait(6) })).toEqual(wait(5).until);
  expect(askedWaitOf(account, { platforms: [{ ...platforms[0], all: false }], organization: null })).toBeNull();
});
