// @vitest-environment node
/** The table of custom properties in docs/news-panel.md, beside the stylesheet. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const style = read('src/news/news.css')
  .replace(/\/\*.*?\*\//gs, '')
  .replace(/\s+/g, ' ');
const rows = read('docs/news-panel.md').match(/^\| `--tracking-.*$/gm) ?? [];
const codesOf = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');

test('the page lists each property that the style reads, once', () => {
  const used = new Set(style.match(/--tracking-[a-z-]+/g));
  expect(rows.map((row) => codesOf(row)[0]).toSorted()).toEqual([...used].toSorted());
});

test.each(rows.filter((row) => codesOf(row).length > 1))('the style has the defaults of %s', (row) => {
  const [name, ...defaults] = codesOf(row);
  const inStyle = [...style.matchAll(new RegExp(`var\\(${name}, ([^),]+)\\)`, 'g'))].map(([, value]) => value);
  expect(new Set(inStyle)).toEqual(new Set(defaults));
});

/** A rule of this package that reaches a host's own elements would change the host's page. */
test('each rule is about the pages of news', () => {
  const selectors = [...style.matchAll(/(?:^|[{}]) ?([^{}@]+?) ?\{/g)].flatMap(([, list]) => list ?? []);
  expect(selectors.length).toBeGreaterThan(80);
  expect(selectors.filter((selector) => !selector.includes('.tracking-news'))).toEqual([]);
});
