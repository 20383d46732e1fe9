import { afterAll, beforeAll, expect, test } from 'vitest';
import { BACKGROUND } from '../rules/background';
import { CASES } from '../rules/cases';
import { expressions } from '../rules/coverage';
import { RULES, World } from '../rules/world';
import { survivors, type Visits, visits } from './hunt';
import { type Mutant, mutants } from './mutants';

let worlds: World[];
let all: Mutant[];
let visited: Visits;

beforeAll(async () => {
  worlds = await Promise.all([1, 2].map((number) => World.open(`demo-mutation-${number}`, BACKGROUND)));
  all = mutants(RULES, await expressions(worlds[0] as World));
  console.time('visits');
  visited = await visits(worlds, CASES);
  console.timeEnd('visits');
}, 120_000);

afterAll(() => Promise.all(worlds.map((world) => world.close())));

const told = ({ line, column, change }: Mutant) => `firestore.rules:${line}:${column} ${change}`;

test('no mutant', async () => {
  console.log(all.length);
  console.time('hunt');
  const left = await survivors(worlds, all, visited);
  console.timeEnd('hunt');
  expect(left.map(told)).toEqual([]);
}, 300_000);
