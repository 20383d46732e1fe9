import { describe, expect, test } from 'vitest';
import contract from '../../../contracts/job.json';
import { platforms } from '../../../contracts/platforms.json';
import { TrackingJobError } from '../../src/errors';
import { PLATFORMS } from '../../src/job';
import { germanLabels } from '../../src/panel/de';
import {
  accountName,
  announcementOf,
  announcementsOf,
  countsOf,
  detailOf,
  failureSentence,
  progressInWords,
  stageOf,
} from '../../src/panel/jobText';
import { englishLabels } from '../../src/panel/labels';
import { wordsOf } from '../../src/panel/words';
import { makeJob } from './panelJobs';

const words = wordsOf({});

test.each([
  ['nasa', '@nasa'],
  ['@NASA', '@NASA'],
  ['  nasa ', '@nasa'],
  ['https://www.instagram.com/nasa/', 'instagram.com/nasa'],
  ['http://m.youtube.com/@NASA?si=x', 'youtube.com/@NASA'],
  ['www.tiktok.com/@nasa?lang=en', 'tiktok.com/@nasa'],
  ['x.com/NASA#top', 'x.com/NASA'],
  ['nasa.gov', '@nasa.gov'],
  ['UCLA1DiNNfa3NzXNcUFHtn9w', 'UCLA1DiNNfa3NzXNcUFHtn9w'],
  ['two words', 'two words'],
  ['   ', 'No username'],
])('an account typed as "%s" is shown as "%s"', (typed, shown) => {
  expect(accountName(typed, englishLabels)).toBe(shown);
});

test.each([
  [-5_000, '0s'],
  [0, '0s'],
  [59_999, '59s'],
  [60_000, '1m 0s'],
  [192_000, '3m 12s'],
  [3_600_000, '1h 0m'],
  [7_980_000, '2h 13m'],
])('%i ms are %s', (ms, text) => {
  expect(words.elapsed(ms)).toBe(text);
});

test.each([
  [0, 'lookingUp'],
  [29, 'lookingUp'],
  [30, 'savingAccount'],
  [50, 'fetchingVideos'],
  [70, 'savingVideos'],
  [99, 'savingVideos'],
  [100, 'finishing'],
])('a running job at %i %% is at the stage "%s"', (progress, stage) => {
  expect(stageOf(progress)).toBe(stage);
});

describe('a progress bar', () => {
  test.each([
    [{ status: 'pending' as const }, 'Waiting'],
    [{ status: 'processing' as const, progress: 50 }, 'Fetching videos, 50%'],
    [{ status: 'completed' as const, progress: 100 }, 'Completed'],
    [{ status: 'failed' as const, progress: 30 }, 'Failed at 30%'],
    [{ status: 'cancelled' as const, progress: 70 }, 'Cancelled at 70%'],
  ])('of %o says "%s"', (fields, text) => {
    expect(progressInWords(makeJob(fields), words)).toBe(text);
  });
});

describe('the sentence about a job', () => {
  test('is the message of a job that works or waits for a reason', () => {
    expect(detailOf(makeJob({ status: 'processing', message: 'Found NASA.' }), words)).toBe('Found NASA.');
    expect(detailOf(makeJob({ message: 'Waiting for a free place.' }), words)).toBe('Waiting for a free place.');
  });

  test('is translated with its numbers, if it has a code', () => {
    const message = 'Fetched 1,204 videos.';
    const job = makeJob({ status: 'processing', message, messageCode: 'fetched', messageParams: { videos: 1204 } });
    expect(detailOf(job, words)).toBe(message);
    expect(detailOf(job, wordsOf(germanLabels))).toBe('1.204 Videos abgerufen.');
  });

  /** The sentences for waiting and for looking up an account are those of the contract. */
  test('is absent where it would repeat the status', () => {
    expect(detailOf(makeJob({ message: contract.messages.waiting }), words)).toBeNull();
    expect(contract.changes.create.message).toBe(contract.messages.waiting);
    expect(contract.changes.retry.message).toBe(contract.messages.waiting);
    for (const platform of PLATFORMS) {
      const message = contract.messages.lookingUp.replace('<platform>', platforms[platform].label);
      expect(detailOf(makeJob({ status: 'processing', platform, message }), words)).toBeNull();
    }
    expect(detailOf(makeJob({ status: 'cancelled', message: 'Cancelled.' }), words)).toBeNull();
  });

  test('says why a job failed, whatever its document leaves out', () => {
    expect(detailOf(makeJob({ status: 'failed', error: 'No such account.', message: 'x' }), words)).toBe(
      'No such account.',
    );
    expect(detailOf(makeJob({ status: 'failed', error: null, message: 'Interrupted.' }), words)).toBe('Interrupted.');
    const nothing = makeJob({ status: 'failed', error: null, message: '' });
    expect(detailOf(nothing, words)).toBeNull();
    expect(announcementOf(nothing, words)).toBe('Failed: @nasa on Instagram. Tracking this account failed.');
  });
});

test('the summary counts each status in the order of the rows', () => {
  const statuses = ['completed', 'failed', 'processing', 'pending', 'cancelled', 'processing'] as const;
  const jobs = statuses.map((status, number) => makeJob({ id: `${number}`, status }));
  expect(countsOf(jobs, false, words)).toEqual([
    { status: 'failed', words: '1 failed' },
    { status: 'processing', words: '2 running' },
    { status: 'pending', words: '1 waiting' },
    { status: 'cancelled', words: '1 cancelled' },
    { status: 'completed', words: '1 completed' },
  ]);
});

/** The list has only the newest jobs, and all that are not finished: only of the failed ones there may be more. */
test('of a list that is cut, the failed jobs are at least as many', () => {
  const jobs = [makeJob({ status: 'failed' }), makeJob({ id: 'b' })];
  expect(countsOf(jobs, true, words).map(({ words }) => words)).toEqual(['1+ failed', '1 waiting']);
});

test('of many changes the first three are named', () => {
  const jobs = ['a', 'b', 'c', 'd'].map((username) => makeJob({ username, status: 'completed' }));
  expect(announcementsOf(jobs, words)).toMatch(
    /^Completed: @a on .* Completed: @c on Instagram\. 1 more job changed\.$/,
  );
  expect(announcementsOf(jobs, wordsOf(germanLabels))).toContain('Ein weiterer Auftrag hat sich geändert.');
});

test('an announcement names account, platform and failure', () => {
  expect(announcementOf(makeJob({ status: 'completed', platform: 'twitter' }), words)).toBe('Completed: @nasa on X.');
  expect(announcementOf(makeJob({ status: 'failed', error: 'It is private.' }), words)).toBe(
    'Failed: @nasa on Instagram. It is private.',
  );
});

/** The error text of the database is never shown. */
test('a refused action shows the sentence of our own error', () => {
  expect(failureSentence('cancel', new TrackingJobError('offline'), words)).toBe(
    'Could not cancel. You are offline. Try again once you are connected.',
  );
  const raw = Object.assign(new Error('evaluation error at L47:22'), { code: 'permission-denied' });
  expect(failureSentence('retry', raw, words)).toMatch(/^Could not retry\. You are not allowed/);
});

test.each([
  [50_000, '50s'],
  [50_001, '1m'],
  [121_000, '3m'],
])('%d ms are left: %s', (ms, shown) => {
  expect(words.estimate(ms)).toBe(shown);
});

test('a moment names its day unless the one before it did', () => {
  const [first, later, nextDay] = [new Date(2026, 10, 23, 9), new Date(2026, 10, 23, 17, 5, 3), new Date(2026, 10, 24)];
  expect(words.moment(first, undefined)).toMatch(/^Nov 23, 2026, 9:00:00/);
  expect(words.moment(later, first)).toMatch(/^5:05:03/);
  expect(words.moment(nextDay, later)).toMatch(/^Nov 24, 2026, 12:00:00/);
});

describe('in German', () => {
  const german = wordsOf(germanLabels);

  test('numbers, plurals and errors are German', () => {
    expect(german.number(1234.5)).toBe('1.234,5');
    expect(countsOf([makeJob({ status: 'failed' })], false, german)[0]?.words).toBe('1 fehlgeschlagen');
    expect(failureSentence('cancel', new TrackingJobError('offline'), german)).toMatch(
      /^Abbrechen war.*Sie sind offline/,
    );
  });

  test('numbers and times follow a locale of their own', () => {
    expect(wordsOf(germanLabels, 'de-CH').number(1234.5)).toMatch(/^1.234\.5$/);
    expect(german.elapsed(70_000)).toMatch(/^1.Min\. 10.Sek\.$/);
  });

  /** A test of the sentences, which tsc cannot do: it holds the keys complete. */
  test('no text is left in English', () => {
    const texts = (labels: object): [string, string][] =>
      Object.entries(labels).flatMap(([key, value]) =>
        typeof value === 'object' ? texts(value) : typeof value === 'string' ? [[key, value]] : [],
      );
    const english = new Map(texts(englishLabels));
    const same = texts(germanLabels).filter(([key, value]) => english.get(key) === value);
    expect(same).toEqual([['status', 'Status']]);
  });
});

test('labels may be given in part', () => {
  const own = wordsOf({ title: 'Imports' });
  expect([own.labels.title, own.labels.cancel, own.locale]).toEqual(['Imports', 'Cancel', 'en']);
});
