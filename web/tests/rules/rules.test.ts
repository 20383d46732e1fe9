import { afterAll, beforeAll, expect, test } from 'vitest';
import { assertRulesHold } from './assertRulesHold';
import { BACKGROUND } from './background';
import { CASES } from './cases';
import { coverage, coveragePage, type Expression, expressions, savePage, withOperands } from './coverage';
import { RulesHarness } from './rulesHarness';

/** Projects among which the cases are dealt out. A report of all of them has 96 MB, and the emulator's memory ends. */
const PROJECTS = 4;

let harnesses: RulesHarness[];
let pages: string[];

beforeAll(async () => {
  const names = Array.from({ length: PROJECTS }, (_, number) => `demo-rules-${number + 1}`);
  harnesses = await Promise.all(names.map((name) => RulesHarness.open(name, BACKGROUND)));
  pages = await Promise.all(harnesses.map(coveragePage));
  await Promise.all(harnesses.map(assertRulesHold));
});

afterAll(() => Promise.all(harnesses.map((harness) => harness.close())));

test.each([
  ['everything', 'true'],
  ['nothing', 'false'],
])('an emulator that allows %s is noticed before any case', async (what, condition) => {
  const rules = `service cloud.firestore { match /{document=**} { allow read, write: if ${condition}; } }`;
  const other = await RulesHarness.open(`demo-rules-${what}`, BACKGROUND, rules);
  await expect(assertRulesHold(other)).rejects.toThrow('does not go by firestore.rules');
  await other.close();
});

test('rules that cannot be read are noticed before any case', async () => {
  await expect(RulesHarness.open('demo-rules-unreadable', BACKGROUND, 'service {')).rejects.toThrow('L1:10');
});

test('no two cases have the same name', () => {
  expect(new Set(CASES.map((one) => one.name)).size).toBe(CASES.length);
});

test.each(CASES.map((one, index) => ({ one, verb: one.allowed ? 'allow' : 'deny', project: index % PROJECTS })))(
  '$verb: $one.name',
  async ({ one, project }) => {
    expect(await harnesses[project]?.isAllowed(one)).toBe(one.allowed);
  },
);

test('these cases leave no expression of the rules unvisited', async () => {
  const all = new Map<string, Expression>();
  for (const [index, harness] of harnesses.entries()) {
    const report = await coverage(harness);
    savePage(pages[index] ?? '', report, new URL(`../../coverage-rules/${index + 1}/`, import.meta.url));
    for (const one of withOperands(expressions(report))) {
      const place = `${one.start}-${one.end}`;
      all.set(place, { ...one, count: one.count + (all.get(place)?.count ?? 0) });
    }
  }
  expect(all.size).toBeGreaterThan(200);
  const unvisited = [...all.values()].filter((one) => one.count === 0);
  expect(unvisited.map((one) => `firestore.rules:${one.line}:${one.column} ${one.text}`)).toEqual([]);
}, 60_000);

test('an expression behind a false one counts as unvisited', async () => {
  const rules = `service cloud.firestore { match /databases/{d}/documents/{c}/{id} { allow get: if c == 'a' && id == 'b'; } }`;
  const other = await RulesHarness.open('demo-rules-unvisited', BACKGROUND, rules);
  await expect(assertRulesHold(other)).rejects.toThrow();
  const all = withOperands(expressions(await coverage(other)));
  expect(all.filter((one) => one.count === 0).map((one) => one.text)).toEqual(["id == 'b'", 'id']);
  await other.close();
});
