import { doc, getDocFromServer } from 'firebase/firestore';
import { ACME_JOB, GLOBEX_JOB, MEMBER } from './background';
import type { RulesHarness } from './rulesHarness';

/** Throw unless the emulator applies the rules. Without rules, or with rules that it cannot parse, it denies nothing. */
export async function assertRulesHold(harness: RulesHarness): Promise<void> {
  const get = (path: string) =>
    harness.isAllowed({ name: path, allowed: true, as: MEMBER, run: (db) => getDocFromServer(doc(db, path)) });
  if ((await get(GLOBEX_JOB)) || !(await get(ACME_JOB))) {
    throw new Error('The emulator does not go by firestore.rules: no other test would mean anything.');
  }
}
