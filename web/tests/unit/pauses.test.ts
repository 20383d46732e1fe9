import { Timestamp } from 'firebase/firestore';
import { expect, it } from 'vitest';
import contract from '../../../contracts/pauses.json';
import { PAUSE_REASONS, PAUSES_DOCUMENT, readPauses } from '../../src/pauses';

const until = new Date('2026-11-30T08:00:00Z');
const stored = Timestamp.fromDate(until);

it('knows the document and the reasons of the contract', () => {
  expect(PAUSES_DOCUMENT).toBe(contract.document);
  expect(PAUSE_REASONS).toEqual(contract.reasons);
});

it('reads each platform that has a pause', () => {
  const data = { youtube: { until: stored, reason: 'QuotaExceededError' }, tiktok: null };
  expect(readPauses(data)).toEqual([{ platform: 'youtube', until, reason: 'QuotaExceededError' }]);
});

it('keeps a pause whose reason is of a newer version', () => {
  expect(readPauses({ twitter: { until: stored, reason: 'Strike' } })).toEqual([
    { platform: 'twitter', until, reason: null },
  ]);
});

it.each([
  [undefined],
  [{}],
  [{ youtube: 'soon' }],
  [{ youtube: { until: '14:05' } }],
  [{ facebook: { until: stored } }],
])('finds no pause in %j', (data) => {
  expect(readPauses(data)).toEqual([]);
});
