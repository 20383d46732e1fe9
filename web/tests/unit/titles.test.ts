// @vitest-environment node
/** Test titles stay short enough to read in a list; the story of a test stands in its comment. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAX_LENGTH = 60;
const TESTS = fileURLToPath(new URL('../', import.meta.url));
/** A title is the text that opens a call of test, it or describe, or the call that follows their `each`. */
const TITLE = /(?:(?<![\w.])(?:test|it|describe)\(|(?<=\.each\b[^;]*[\])])\()\s*(?:'((?:\\.|[^'\\])*)'|`([^`]*)`)\s*,/g;

function titlesOf(source: string): string[] {
  return [...source.matchAll(TITLE)].map(([, quoted, template]) => quoted ?? template ?? '');
}

test('titles are found, also after each', () => {
  const source =
    "test('a', f);\ndescribe.each([['x', 1]])(\n  'b %s',\n  f,\n);\nit(`c`, f);\nexpect(one('no title', 1));";
  expect(titlesOf(source)).toEqual(['a', 'b %s', 'c']);
});

test('titles have at most 60 characters', () => {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((file) => /\.test\.tsx?$/.test(file));
  const titles = files.flatMap((file) =>
    titlesOf(readFileSync(TESTS + file, 'utf8')).map((title) => ({ file, title })),
  );
  expect(titles.length).toBeGreaterThan(200);
  expect(titles.filter(({ title }) => title.length > MAX_LENGTH)).toEqual([]);
});
