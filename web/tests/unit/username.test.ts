/** What people type. `contracts/usernames.json` is the table that the functions are held to, too. */

import { describe, expect, test } from 'vitest';
import table from '../../../contracts/usernames.json';
import { PLATFORM_LABELS, PLATFORMS } from '../../src/job';
import { checkUsername, platformOf } from '../../src/username';

type Verdicts = Readonly<Record<string, readonly string[]>>;

describe.each(PLATFORMS)('%s', (platform) => {
  const { site, pages, typed } = table[platform];
  const verdicts: Verdicts[] = [
    table.everyPlatform.typed,
    typed,
    { 'not-a-profile': pages.map((page) => `${site}${page}/1`) },
  ];
  const rows = verdicts
    .flatMap((part) => Object.entries(part))
    .flatMap(([verdict, inputs]) => inputs.map((input) => [verdict, input] as const));

  test.each(rows)('%s: %j', (verdict, input) => {
    const sentence = checkUsername(input, platform);
    if (verdict === 'ok') {
      expect(sentence).toBeNull();
    } else {
      const expected = table.sentences[verdict as keyof typeof table.sentences];
      expect(sentence).toContain(expected.replace('{name}', PLATFORM_LABELS[platform]));
    }
  });

  test('a refusal is one short printable sentence', () => {
    for (const [verdict, input] of rows) {
      if (verdict !== 'ok') {
        expect(checkUsername(input, platform)).toMatch(/^\P{C}{10,250}\.$/u);
      }
    }
  });
});

test.each(table.invisible.typed)('%j, which nobody can see, is no username', (typed) => {
  for (const platform of PLATFORMS) {
    expect(checkUsername(typed, platform)).toMatch(/^No username for |not plain text\.$/);
  }
});

test('a link to another platform is named', () => {
  expect(checkUsername('https://www.tiktok.com/@nba', 'instagram')).toBe(
    'This is a link to TikTok, but the job is for Instagram.',
  );
});

test('100 characters are counted so that functions and rules take them, too', () => {
  const tenInTwoHalves = '𝒩'.repeat(10); // 10 code points, 20 UTF-16 units
  expect(checkUsername(tenInTwoHalves.repeat(5), 'youtube')).toBeNull();
  expect(checkUsername(`${tenInTwoHalves.repeat(5)}a`, 'youtube')).toBe('The username is longer than 100 characters.');
});

test('half a surrogate pair is no text', () => {
  expect(checkUsername('na\ud83dsa', 'youtube')).toContain('not plain text');
});

test.each([
  ['https://www.instagram.com/nasa/', 'instagram'],
  [' m.tiktok.com/@nba ', 'tiktok'],
  ['youtu.be/oBM7DIeMsP0', 'youtube'],
  ['HTTPS://X.COM/NASA', 'twitter'],
  ['mobile.twitter.com/NASA', 'twitter'],
  ['nasa', null],
  ['@nasa', null],
  ['', null],
  ['x.com.evil.test/nasa', null],
  ['https://x.com@evil.test/nasa', null],
  ['ftp://x.com/nasa', null],
  ['https://[x.com/nasa', null],
])('platformOf(%j) is %s', (typed, platform) => {
  expect(platformOf(typed)).toBe(platform);
});
