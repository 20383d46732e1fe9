import { afterAll, beforeAll, expect, test } from 'vitest';
import { BACKGROUND } from '../rules/background';
import { CASES } from '../rules/cases';
import { coverage, expressions, withoutComments } from '../rules/coverage';
import { RULES, RulesHarness } from '../rules/rulesHarness';
import { type Mutant, mutants } from './mutants';
import { survivors, type Visits, visits } from './survivors';

const LIMIT_MS = 20 * 60_000; // it takes some minutes on two free cores, and longer beside other work
/** `make nightly` tries all mutants. `make test` tries one mutant of every ninth line of the rules. */
const isWhole = process.env.MUTANTS !== 'some';

let harnesses: RulesHarness[];
let all: Mutant[];
let visited: Visits;

beforeAll(async () => {
  harnesses = await Promise.all([1, 2].map((number) => RulesHarness.open(`demo-mutation-${number}`, BACKGROUND)));
  all = mutants(RULES, expressions(await coverage(harnesses[0] as RulesHarness)));
  // Visits show which cases to try first. To note them takes as long as all the rest, so the quick run notes the visits
  // of every tenth case only.
  const places = await visits(harnesses, isWhole ? CASES : CASES.filter((_, index) => index % 10 === 0));
  visited = new Map(CASES.map((one) => [one, places.get(one) ?? []]));
}, LIMIT_MS);

afterAll(() => Promise.all(harnesses.map((harness) => harness.close())));

function described(some: readonly Mutant[]): string[] {
  return some.map(({ line, column, change }) => `firestore.rules:${line}:${column} ${change}`);
}

test('each clause of the rules has mutants', () => {
  const clauses = withoutComments(RULES)
    .split('\n')
    .flatMap((line, index) => (/[=!]=|<=|\bin\b|allow|match \/[^d]/.test(line) ? [index + 1] : []));
  const broken = new Set(all.map((mutant) => mutant.line));
  expect(clauses.length).toBeGreaterThan(30);
  expect(clauses.filter((line) => !broken.has(line))).toEqual([]);
});

/** Choose the middle mutant of every ninth line of the rules that has mutants. */
function selection(): Mutant[] {
  const lines = [...new Set(all.map(({ line }) => line))].filter((_, index) => index % 9 === 0);
  return lines.map((line) => {
    const some = all.filter((mutant) => mutant.line === line);
    return some[Math.floor(some.length / 2)] as Mutant;
  });
}

test(
  'no rules that are broken in one place pass the cases',
  async () => {
    const tried = isWhole ? all : selection();
    expect(described(await survivors(harnesses, tried, visited))).toEqual([]);
    console.info(`${tried.length} of ${all.length} broken rules, each of them noticed`);
  },
  LIMIT_MS,
);

test(
  'what no case tries passes them',
  async () => {
    const limits = all.filter(({ change }) => change === '100 -> 101');
    const fewer = new Map([...visited].filter(([{ name }]) => !name.includes('101 characters')));
    expect(fewer.size).toBe(CASES.length - 1);
    expect(await survivors(harnesses, limits, visited)).toEqual([]);
    expect(described(await survivors(harnesses, limits, fewer))).toEqual([
      expect.stringMatching(/rules:\d+:\d+ 100 -> 101$/),
    ]);
  },
  LIMIT_MS,
);

test('rules that cannot be read do not count as noticed', async () => {
  const unreadable = { ...(all[0] as Mutant), rules: 'service {' };
  await expect(survivors(harnesses, [unreadable], visited)).rejects.toThrow('cannot be read');
});
