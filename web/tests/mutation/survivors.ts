import { BACKGROUND } from '../rules/background';
import { coverage, type Expression, expressions } from '../rules/coverage';
import { type Case, RULES, type RulesHarness } from '../rules/rulesHarness';
import type { Mutant } from './mutants';

interface Place {
  start: number;
  end: number;
}

/** Case -> the expressions that it evaluates under the unchanged rules. */
export type Visits = ReadonlyMap<Case, readonly Place[]>;

/** Check all cases under the unchanged rules, and note the expressions that each evaluates. */
export async function visits(harnesses: readonly RulesHarness[], cases: readonly Case[]): Promise<Visits> {
  const noted = new Map<Case, Place[]>();
  await shared(harnesses, inTens(cases), async (harness, ten) => {
    await harness.load(RULES); // resets the counts and keeps the reports small; takes as long as five cases
    let before: readonly Expression[] = [];
    for (const one of ten) {
      if ((await harness.isAllowed(one)) !== one.allowed) {
        throw new Error(`The rules as they are fail a case: ${one.name}`);
      }
      const now = expressions(await coverage(harness));
      noted.set(one, visitedBetween(before, now));
      before = now;
    }
  });
  return noted;
}

/**
 * Return the expressions that were evaluated between two reports; the first may be empty. If an expression has no
 * value, its operands are skipped: the emulator counts constants, such as `request`, even where it evaluated nothing.
 */
function visitedBetween(before: readonly Expression[], now: readonly Expression[]): Expression[] {
  return now.flatMap((one, index) => {
    const then = before[index];
    return one.count > (then?.count ?? 0) ? [one, ...visitedBetween(then?.operands ?? [], one.operands)] : [];
  });
}

function inTens<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / 10) }, (_, ten) => all.slice(ten * 10, ten * 10 + 10));
}

/** Return the mutants that pass every case. Rejects when the emulator cannot parse a mutant. */
export async function survivors(
  harnesses: readonly RulesHarness[],
  mutants: readonly Mutant[],
  visited: Visits,
): Promise<Mutant[]> {
  const left: Mutant[] = [];
  await shared(harnesses, mutants, async (harness, mutant) => {
    if (!(await killer(harness, mutant, visited))) {
      left.push(mutant);
    }
  });
  return left;
}

/** Run each piece of work in the first harness that is free. */
async function shared<T>(
  harnesses: readonly RulesHarness[],
  work: readonly T[],
  one: (harness: RulesHarness, piece: T) => Promise<void>,
): Promise<void> {
  const left = work.values();
  await Promise.all(
    harnesses.map(async (harness) => {
      for (const piece of left) {
        await one(harness, piece);
      }
    }),
  );
}

/** Return the first case whose answer the mutant changes. */
async function killer(harness: RulesHarness, mutant: Mutant, visited: Visits): Promise<Case | undefined> {
  await harness.load(mutant.rules).catch((cause: unknown) => {
    throw new Error(`${mutant.line}:${mutant.column} ${mutant.change} cannot be read`, { cause });
  });
  for (const one of mostLikelyFirst(mutant, visited)) {
    if ((await harness.isAllowed(one)) !== one.allowed) {
      await harness.write(BACKGROUND); // the mutant may have let a write through
      return one;
    }
  }
  return undefined;
}

/**
 * Order all cases; those that most probably notice the mutant come first. These are cases that evaluate the changed
 * expression, cases that a weaker or a stricter rule can change, and cases whose name has the changed words.
 */
function mostLikelyFirst(mutant: Mutant, visited: Visits): Case[] {
  const words = wordsOf(mutant);
  const around = smallest([...visited.values()].flat().filter((place) => contains(place, mutant)));
  const score = (one: Case, places: readonly Place[]): number =>
    (places.some((place) => (around ? isSame(place, around) : contains(mutant, place))) ? 100 : 0) +
    (one.allowed !== mutant.isWeaker ? 50 : 0) +
    (60 * words.filter((word) => one.name.includes(word)).length) / Math.max(1, words.length);
  return [...visited]
    .map(([one, places]) => ({ one, score: score(one, places) }))
    .sort((a, b) => b.score - a.score)
    .map(({ one }) => one);
}

/** Return the words that the change removes or adds. For a change of a whole block, return all words of the block. */
function wordsOf(mutant: Mutant): string[] {
  const [before = [], after = []] = mutant.change.split(' -> ').map((side): string[] => side.match(/\w{2,}/g) ?? []);
  const added = after.filter((word) => !before.includes(word));
  const kept = before.filter((word) => !after.includes(word) || before.includes('match'));
  return [...kept, ...added];
}

function contains(outer: Place, inner: Place): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function isSame(one: Place, other: Place): boolean {
  return one.start === other.start && one.end === other.end;
}

function smallest(places: readonly Place[]): Place | undefined {
  return [...places].sort((a, b) => a.end - a.start - (b.end - b.start))[0];
}
