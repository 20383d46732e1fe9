import { afterAll, beforeAll, expect, test } from 'vitest';
import { assertRulesHold } from './assertRulesHold';
import { BACKGROUND } from './background';
import { CASES } from './cases';
import { coverage, coveragePage, expressions, savePage, withOperands } from './coverage';
import { RulesHarness } from './rulesHarness';

let harness: RulesHarness;
let page: string;

beforeAll(async () => {
  harness = await RulesHarness.open('demo-rules', BACKGROUND);
  page = await coveragePage(harness);
  await assertRulesHold(harness);
});

afterAll(() => harness.close());

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

test.each(CASES.map((one) => ({ one, verb: one.allowed ? 'allow' : 'deny' })))('$verb: $one.name', async ({ one }) => {
  expect(await harness.isAllowed(one)).toBe(one.allowed);
});

test('these cases leave no expression of the rules unvisited', async () => {
  const report = await coverage(harness);
  savePage(page, report, new URL('../../coverage-rules/', import.meta.url));
  const all = withOperands(expressions(report));
  expect(all.length).toBeGreaterThan(200);
  const unvisited = all.filter((one) => one.count === 0);
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
