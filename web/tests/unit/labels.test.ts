import { describe, expect, test } from 'vitest';
import contract from '../../../contracts/job.json';
import { platforms } from '../../../contracts/platforms.json';
import { TrackingJobError } from '../../src/errors';
import { PLATFORMS } from '../../src/job';
import {
  accountName,
  announcementOf,
  countsOf,
  detailOf,
  elapsedTime,
  failureSentence,
  progressInWords,
  stageOf,
} from '../../src/panel/labels';
import { makeJob } from './panelJobs';

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
  expect(accountName(typed)).toBe(shown);
});

test.each([
  [-5_000, '0 s'],
  [0, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min 0 s'],
  [192_000, '3 min 12 s'],
  [3_600_000, '1 h 0 min'],
  [7_980_000, '2 h 13 min'],
])('%i ms are %s', (ms, words) => {
  expect(elapsedTime(ms)).toBe(words);
});

test.each([
  [0, 'Looking up account'],
  [29, 'Looking up account'],
  [30, 'Saving account'],
  [50, 'Fetching videos'],
  [70, 'Saving videos'],
  [99, 'Saving videos'],
  [100, 'Finishing'],
])('a running job at %i %% is at the stage "%s"', (progress, stage) => {
  expect(stageOf(progress)).toBe(stage);
});

describe('a progress bar', () => {
  test.each([
    [{ status: 'pending' as const }, 'Waiting'],
    [{ status: 'processing' as const, progress: 50 }, 'Fetching videos, 50 %'],
    [{ status: 'completed' as const, progress: 100 }, 'Completed'],
    [{ status: 'failed' as const, progress: 30 }, 'Failed at 30 %'],
    [{ status: 'cancelled' as const, progress: 70 }, 'Cancelled at 70 %'],
  ])('of %o says "%s"', (fields, words) => {
    expect(progressInWords(makeJob(fields))).toBe(words);
  });
});

describe('the line under the bar', () => {
  test('is the message of a job that works or waits for a reason', () => {
    expect(detailOf(makeJob({ status: 'processing', message: 'Found NASA.' }))).toBe('Found NASA.');
    expect(detailOf(makeJob({ message: 'Waiting for a free place.' }))).toBe('Waiting for a free place.');
  });

  /** The sentences for waiting and for looking up an account are those of the contract. */
  test('is absent where it would repeat the status', () => {
    expect(detailOf(makeJob({ message: contract.messages.waiting }))).toBeNull();
    expect(contract.changes.create.message).toBe(contract.messages.waiting);
    expect(contract.changes.retry.message).toBe(contract.messages.waiting);
    for (const platform of PLATFORMS) {
      const message = contract.messages.lookingUp.replace('<platform>', platforms[platform].label);
      expect(detailOf(makeJob({ status: 'processing', platform, message }))).toBeNull();
    }
    expect(detailOf(makeJob({ status: 'cancelled', message: 'Cancelled.' }))).toBeNull();
  });

  test('says why a job failed, whatever its document leaves out', () => {
    expect(detailOf(makeJob({ status: 'failed', error: 'No such account.', message: 'x' }))).toBe('No such account.');
    expect(detailOf(makeJob({ status: 'failed', error: null, message: 'Interrupted.' }))).toBe('Interrupted.');
    expect(detailOf(makeJob({ status: 'failed', error: null, message: '' }))).toBe('Tracking this account failed.');
  });
});

test('the summary counts each status in the order of the rows', () => {
  const statuses = ['completed', 'failed', 'processing', 'pending', 'cancelled', 'processing'] as const;
  expect(countsOf(statuses.map((status, number) => makeJob({ id: `${number}`, status })))).toEqual([
    { status: 'processing', words: '2 running' },
    { status: 'failed', words: '1 failed' },
    { status: 'pending', words: '1 waiting' },
    { status: 'cancelled', words: '1 cancelled' },
    { status: 'completed', words: '1 completed' },
  ]);
});

test('an announcement names account, platform and failure', () => {
  expect(announcementOf(makeJob({ status: 'completed', platform: 'twitter' }))).toBe('Completed: @nasa on X.');
  expect(announcementOf(makeJob({ status: 'failed', error: 'It is private.' }))).toBe(
    'Failed: @nasa on Instagram. It is private.',
  );
});

/** The error text of the database is never shown. */
test('a refused action shows the sentence of our own error', () => {
  expect(failureSentence('cancel', new TrackingJobError('offline'))).toBe(
    'Could not cancel. You are offline. Try again once you are connected.',
  );
  const raw = Object.assign(new Error('evaluation error at L47:22'), { code: 'permission-denied' });
  expect(failureSentence('retry', raw)).toMatch(/^Could not retry\. You are not allowed/);
});
