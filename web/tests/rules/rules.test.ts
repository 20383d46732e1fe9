import { afterAll, beforeAll, expect, test } from 'vitest';
import { BACKGROUND } from './background';
import { CASES } from './cases';
import { coverage, coveragePage, expressions, savePage, withOperands } from './coverage';
import { assertRulesHold } from './holding';
import { World } from './world';

let world: World;
let page: string;

beforeAll(async () => {
  world = await World.open('demo-rules', BACKGROUND);
  page = await coveragePage(world);
  await assertRulesHold(world);
});

afterAll(() => world.close());

test.each([
  ['everything', 'true'],
  ['nothing', 'false'],
])('an emulator that allows %s is noticed before any case', async (what, condition) => {
  const rules = `service cloud.firestore { match /{document=**} { allow read, write: if ${condition}; } }`;
  const other = await World.open(`demo-rules-${what}`, BACKGROUND, rules);
  await expect(assertRulesHold(other)).rejects.toThrow('does not go by firestore.rules');
  await other.close();
});

test('rules that cannot be read are noticed before any case', async () => {
  await expect(World.open('demo-rules-unreadable', BACKGROUND, 'service {')).rejects.toThrow('L1:10');
});

test('no two cases have the same name', () => {
  expect(new Set(CASES.map((one) => one.name)).size).toBe(CASES.length);
});

test.each(CASES.map((one) => ({ one, verb: one.allowed ? 'allow' : 'deny' })))('$verb: $one.name', async ({ one }) => {
  expect(await world.isAllowed(one)).toBe(one.allowed);
});

test('these cases leave no expression of the rules unvisited', async () => {
  const report = await coverage(world);
  savePage(page, report, new URL('../../coverage-rules/', import.meta.url));
  const all = withOperands(expressions(report));
  expect(all.length).toBeGreaterThan(200);
  const unvisited = all.filter((one) => one.count === 0);
  expect(unvisited.map((one) => `firestore.rules:${one.line}:${one.column} ${one.text}`)).toEqual([]);
}, 60_000);

test('an expression behind a false one counts as unvisited', async () => {
  const rules = `service cloud.firestore { match /databases/{d}/documents/{c}/{id} { allow get: if c == 'a' && id == 'b'; } }`;
  const other = await World.open('demo-rules-unvisited', BACKGROUND, rules);
  await expect(assertRulesHold(other)).rejects.toThrow();
  const all = withOperands(expressions(await coverage(other)));
  expect(all.filter((one) => one.count === 0).map((one) => one.text)).toEqual(["id == 'b'", 'id']);
  await other.close();
});
