/** Checks of typed usernames. `contracts/usernames.json` is the table that functions and pages share. */

import { describe, expect, test } from 'vitest';
import { platforms } from '../../../contracts/platforms.json';
import table from '../../../contracts/usernames.json';
import { PLATFORM_LABELS, PLATFORMS } from '../../src/job';
import { accountKey, checkUsername, platformOf, type Site, Usernames, usernameOf } from '../../src/username';

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
    expect(checkUsername(typed, platform)).toMatch(/^Enter a username\.$|not plain text\.$/);
  }
});

test('a link to another platform is named', () => {
  expect(checkUsername('https://www.tiktok.com/@nba', 'instagram')).toBe(
    'This is a link to TikTok, but the job is for Instagram.',
  );
});

test.each(['https://www.facebook.com/nasa', 'facebook.com/nasa'])('the refusal of %s names the platforms', (typed) => {
  expect(checkUsername(typed, 'youtube')).toMatch(
    /^"(www\.)?facebook\.com" is not supported\. You can track Instagram, TikTok, YouTube and X\.$/,
  );
});

test('100 characters are counted as functions and rules do', () => {
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

test.each([
  ['https://www.instagram.com/nasa/?hl=en', 'instagram', 'nasa'],
  [' @NASA ', 'instagram', 'NASA'],
  ['tiktok.com/%40nba', 'tiktok', 'nba'],
  ['https://www.youtube.com/channel/UC_x5XG1OV2P6uZZ5FSM9Ttw', 'youtube', 'UC_x5XG1OV2P6uZZ5FSM9Ttw'],
  ['youtube.com/c/C-SPAN/videos', 'youtube', 'C-SPAN'],
  ['https://x.com/NASA', 'youtube', null],
  ['two words', 'twitter', null],
] as const)('usernameOf(%j, %j) is %j', (typed, platform, name) => {
  expect(usernameOf(typed, platform)).toBe(name);
});

test.each(PLATFORMS)('names read from texts for %s have no link around them', (platform) => {
  for (const typed of [...table.everyPlatform.typed.ok, ...table[platform].typed.ok]) {
    expect(usernameOf(typed, platform)).toMatch(/^[^@/?#\s]+$/);
  }
});

test.each(['constructor', 'toString', '__proto__'])('%s is a name like others', (name) => {
  expect(checkUsername(`https://x.com/${name}/media`, 'twitter')).toBeNull();
});

describe('a fifth platform, by its entry alone', () => {
  const threads: Site = {
    label: 'Threads',
    hosts: ['threads.example'],
    shortLinkHosts: ['t\\.threads\\.example'],
    example: 'https://threads.example/@nasa',
    username: '[a-z]{3,5}',
    anyScript: false,
    usernameRule: 'it has 3 to 5 small letters',
    accountPaths: { id: '[0-9]{4}', u: '' },
    pages: ['search'],
    posts: ['post'],
    postParts: 3,
  };
  const usernames = new Usernames({ ...platforms, threads });
  const notAProfile =
    'This is not the link of a profile on Threads. ' +
    "Give the account's name or its profile link, such as https://threads.example/@nasa.";
  const notAUsername = (typed: string) => `"${typed}" cannot be a username on Threads: it has 3 to 5 small letters.`;

  test.each([
    ['nasa', null],
    ['@nasa', null],
    ['www.threads.example/@nasa?x=1', null],
    ['threads.example/u/nasa', null],
    ['threads.example/id/1234', null],
    ['search', notAUsername('search')],
    ['東京', notAUsername('東京')],
    ['threads.example/id/nasa', notAUsername('nasa')],
    ['threads.example/SEARCH', notAProfile],
    ['threads.example/@nasa/post/1', notAProfile],
    ['threads.example/@nasa/post', null],
    ['t.threads.example/abc', notAProfile],
    ['https://x.com/nasa', 'This is a link to X, but the job is for Threads.'],
  ])('%s: %s', (typed, sentence) => {
    expect(usernames.check(typed, 'threads')).toBe(sentence);
  });

  test('its links are known to the others', () => {
    expect(usernames.platformOf('m.threads.example/@nasa')).toBe('threads');
    expect(usernames.check('https://threads.example/@nasa', 'tiktok')).toBe(
      'This is a link to Threads, but the job is for TikTok.',
    );
  });
});

describe('two ways to type one account have one key', () => {
  test.each([
    ['instagram', '@NASA', 'https://www.instagram.com/nasa/?hl=en'],
    ['instagram', ' nasa ', 'instagram.com/NASA'],
    ['tiktok', 'nasa', 'https://www.tiktok.com/@nasa'],
    ['youtube', '@NASA', 'https://m.youtube.com/@nasa/videos'],
    ['youtube', 'UC_x5XG1OV2P6uZZ5FSM9Ttw', 'https://www.youtube.com/channel/UC_x5XG1OV2P6uZZ5FSM9Ttw'],
    ['twitter', 'x.com/NASA', 'https://twitter.com/nasa'],
  ] as const)('on %s: %j and %j', (platform, one, other) => {
    expect(accountKey(one, platform)).toBe(accountKey(other, platform));
  });

  /** A name under `/c/` or `/user/` may be another channel than the handle of that name. */
  test.each([
    ['nasa', 'nasajpl'],
    ['youtube.com/c/nasa', 'youtube.com/@nasa'],
    ['youtube.com/c/nasa', 'youtube.com/user/nasa'],
  ])('but not %j and %j', (one, other) => {
    expect(accountKey(one, 'youtube')).not.toBe(accountKey(other, 'youtube'));
  });
});
