/** The page makes the sentences of contracts/sentences.json. tests/unit/test_sentences.py holds the functions to it. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import jobContract from '../../../contracts/job.json';
import contract from '../../../contracts/sentences.json';
import { cancelFields, newJobFields, retryFields } from '../../src/jobDocuments';
import { type SentenceCode, type SentenceParams, type Sentences, sentenceOf } from '../../src/sentences';
import { germanSentences } from '../../src/sentences.de';
import { makeJob } from './panelJobs';

const EXAMPLES = contract.examples as unknown as readonly {
  code: SentenceCode;
  params: SentenceParams;
  text: string;
}[];
const UNTIL = { platform: 'YouTube', until: '2026-12-01T08:00:00Z' };
const LIMIT = "YouTube's daily limit is used up. Tracking resumes at 08:00 UTC.";

const zone = process.env.TZ;

beforeEach(() => {
  process.env.TZ = 'Europe/Berlin';
});

afterEach(() => {
  process.env.TZ = zone;
});

function said(message: string, messageCode: string | null = null, messageParams: SentenceParams = {}) {
  return makeJob({ message, messageCode, messageParams });
}

/** Each code as its own translation shows which code was found. */
const NAMES = Object.fromEntries(Object.keys(contract.sentences).map((code) => [code, code])) as Record<
  SentenceCode,
  SentenceCode
>;

test.each(EXAMPLES)('$code in English: $text', ({ code, params, text }) => {
  expect(sentenceOf(said(text, code, params), NAMES)).toBe(code);
  expect(sentenceOf(makeJob({ status: 'failed', error: text, messageCode: code, messageParams: params }), NAMES)).toBe(
    code,
  );
});

test('every sentence has an example', () => {
  expect(new Set(EXAMPLES.map(({ code }) => code))).toEqual(new Set(Object.keys(contract.sentences)));
});

describe('a code that is older than the message', () => {
  test.each([
    ['a cancel', cancelFields(), 'cancelled'],
    ['a retry', retryFields(), 'waiting'],
  ] as const)('does not count after %s', (_, { message }, code) => {
    const job = said(message, 'lookingUp', { platform: 'X' });
    expect(sentenceOf(job)).toBe(message);
    expect(sentenceOf(job, NAMES)).toBe(code);
  });

  test('does not count after a page wrote a sentence of its own', () => {
    expect(sentenceOf(said('Stopped by you.', 'lookingUp', { platform: 'X' }), NAMES)).toBe('Stopped by you.');
  });

  test('does not count if a parameter was edited', () => {
    expect(sentenceOf(said('Looking up the X account.', 'lookingUp', { platform: 'TikTok' }), NAMES)).toBe(
      'Looking up the X account.',
    );
  });
});

test.each([
  [null, {}],
  ['ofTomorrow', {}],
  ['toString', {}],
  ['__proto__', {}],
  ['dailyLimitUntil', {}],
  ['dailyLimitUntil', { platform: 'YouTube', until: 'tomorrow' }],
  ['dailyLimitUntil', { platform: 'YouTube', until: '' }],
])('the text stays with the code %j and the parameters %j', (code, params) => {
  expect(sentenceOf(said(LIMIT, code, params as SentenceParams), NAMES)).toBe(LIMIT);
});

test('a job of a page has the sentences that need no code', () => {
  const written = Object.values(jobContract.changes).map(({ message }) => message);
  expect(new Set(written)).toEqual(
    new Set(contract.writtenByPages.map((code) => contract.sentences[code as SentenceCode])),
  );
  const { message } = newJobFields({} as never);
  expect(sentenceOf(said(message), NAMES)).toBe('waiting');
  expect(
    contract.writtenByPages.map((code) => sentenceOf(said(contract.sentences[code as SentenceCode]), NAMES)),
  ).toEqual(contract.writtenByPages);
});

test('a failed job says its error, and any other its message', () => {
  const fields = { message: 'Waiting to start.', error: 'Gone.' };
  expect(sentenceOf(makeJob({ ...fields, status: 'failed' }))).toBe('Gone.');
  expect(sentenceOf(makeJob({ ...fields, status: 'pending' }))).toBe('Waiting to start.');
  expect(sentenceOf(makeJob({ status: 'failed', message: 'Odd.' }))).toBe('Odd.');
});

describe('times are those of the user', () => {
  test('in English', () => {
    const job = said(LIMIT, 'dailyLimitUntil', UNTIL);
    expect(sentenceOf(job, {}, 'en-GB')).toBe("YouTube's daily limit is used up. Tracking resumes at 09:00.");
    expect(sentenceOf(job)).toMatch(/Tracking resumes at 09:00\sAM\.$/);
  });

  test('with seconds', () => {
    const job = said('X asks us to wait; going on at 08:00:05 UTC.', 'askedToWait', {
      platform: 'X',
      until: '2026-12-01T08:00:05Z',
    });
    expect(sentenceOf(job, germanSentences, 'de')).toBe('X lässt uns warten; weiter um 09:00:05 Uhr.');
  });
});

describe('German', () => {
  test.each<[SentenceCode, SentenceParams, string]>([
    ['dailyLimitUntil', UNTIL, 'Das Tageslimit von YouTube ist aufgebraucht. Weiter geht es um 09:00 Uhr.'],
    ['fetched', { videos: 1 }, '1 Video abgerufen.'],
    ['fetched', { videos: 1204 }, '1.204 Videos abgerufen.'],
    ['goingOn', { posts: 1 }, '1 Beitrag gespeichert; es geht weiter.'],
    [
      'goingOnOf',
      { posts: 1204, total: 5000, until: '2026-12-01T14:05:09Z', platform: 'YouTube' },
      '1.204 von etwa 5.000 Beiträgen gespeichert; es geht gegen 15:05 Uhr weiter, YouTube lässt uns gerade warten.',
    ],
    ['databaseTrouble', { detail: 'Our database did not answer.' }, 'Unsere Datenbank war nicht zu erreichen.'],
    ['found', { name: 'NASA [official] {x}' }, 'NASA [official] {x} gefunden.'],
  ])('%s %j', (code, params, german) => {
    const example = EXAMPLES.find((one) => one.code === code && JSON.stringify(one.params) === JSON.stringify(params));
    expect(sentenceOf(said(example?.text ?? '', code, params), germanSentences, 'de')).toBe(german);
  });

  test.each(EXAMPLES)('$code has all its parameters: $text', ({ code, params, text }) => {
    const german = sentenceOf(said(text, code, params), germanSentences, 'de');
    expect(german).not.toBe('');
    expect(german).not.toMatch(/undefined|NaN|Invalid|HH:MM/);
    expect(german === text).toBe(false);
  });

  test('no template has a parameter that the English lacks', () => {
    const namesIn = (template: string) => new Set([...template.matchAll(/\{(\w+)/g)].map(([, name]) => name));
    for (const [code, template] of Object.entries(germanSentences)) {
      const english = namesIn(contract.sentences[code as SentenceCode]);
      expect([...namesIn(String(template))].filter((name) => !english.has(name))).toEqual([]);
    }
  });
});

test('a translation may be a function, and may lack sentences', () => {
  const polish: Partial<Sentences> = {
    fetched: ({ videos }, locale) => `${videos} ${new Intl.PluralRules(locale).select(Number(videos))}`,
  };
  expect(sentenceOf(said('Fetched 3 videos.', 'fetched', { videos: 3 }), polish, 'pl')).toBe('3 few');
  expect(sentenceOf(said('Account saved.', 'accountSaved'), polish, 'pl')).toBe('Account saved.');
});
