/** The front end reads the history as contracts/history.json says. Functions and rules use it, too. */

import type { DocumentSnapshot } from 'firebase/firestore';
import { expect, test } from 'vitest';
import contract from '../../../contracts/history.json';
import { readHistory, readVideoHistory } from '../../src/historyDocuments';
import { type Example, examplesOf, withDates } from '../historyExamples';

/** Every day of the examples, and some that have no point. */
const DAYS = Array.from({ length: 3 * 366 }, (_, index) =>
  new Date(Date.UTC(2024, 0, 1 + index)).toISOString().slice(0, 10),
);

const NAMES = {
  account: Object.values(contract.account.point).map(({ name }) => name),
  video: contract.video.point.map(({ name }) => name),
};

function snapshot({ id, document }: Pick<Example, 'id' | 'document'>): DocumentSnapshot {
  return { id, data: () => document } as unknown as DocumentSnapshot;
}

/** Return what the contract says: the values that an example reads, and null for all others. */
function expected(kind: 'account' | 'video', reads: object): object[] {
  const known = new Map(Object.entries(withDates(reads)));
  const nulls = Object.fromEntries(NAMES[kind].map((name) => [name, null]));
  return DAYS.map((day) => ({ day, ...nulls, ...known.get(day) }));
}

test.each(examplesOf('account'))('account, $validity: $name', (example) => {
  expect(readHistory([snapshot(example)], DAYS)).toEqual(expected('account', example.reads));
});

test.each(examplesOf('video'))('video, $validity: $name', (example) => {
  const videoIds = [...Object.keys(example.reads), 'a', 'never-seen'];
  const read = readVideoHistory([snapshot(example)], videoIds, DAYS);
  expect([...read.keys()]).toEqual([...new Set(videoIds)]);
  for (const [videoId, points] of read) {
    const reads = (example.reads as Record<string, object>)[videoId] ?? {};
    expect(points).toEqual(expected('video', reads));
  }
});

test('the points of all documents are read together', () => {
  const accounts = examplesOf('account').filter(({ validity }) => validity === 'valid');
  const days = readHistory(accounts.map(snapshot), DAYS).filter(({ at }) => at !== null);
  expect(days.map(({ day }) => day)).toEqual(accounts.flatMap(({ reads }) => Object.keys(reads)).sort());
  const videos = examplesOf('video').filter(({ validity }) => validity === 'valid');
  const read = readVideoHistory(videos.map(snapshot), ['video501', 'dQw4w9WgXcQ'], ['2026-11-30']);
  expect([...read.values()].map(([point]) => point?.views)).toEqual([5, 1002]);
});

/** A platform may give a video any id. */
test.each(['__proto__', 'constructor', 'toString', ''])('the video id %j has no points of its own', (videoId) => {
  const [example] = examplesOf('video') as [Example];
  const read = readVideoHistory([snapshot(example)], [videoId], ['2026-11-30']);
  expect(read.get(videoId)).toEqual([{ day: '2026-11-30', views: null, likes: null, comments: null, shares: null }]);
});
