/** The names that a person typed into the form: one, or one in each line. */

import type { Platform } from '../src/job';
import { accountKey, checkUsername, platformOf } from '../src/username';

type WhyNot = (typed: string, platform: Platform) => string | null;

export interface Entry {
  /** Without spaces around it. */
  typed: string;
  /** The platform of the link, or the one chosen for all names. */
  platform: Platform;
  /** A sentence about what is wrong; null for a name that can be tracked. */
  problem: string | null;
}

/** Check one name for the chosen platform. `whyNot` gives the reason why an account needs no job, or null. */
export function entryOf(typed: string, platform: Platform, whyNot: WhyNot): Entry {
  return { typed: typed.trim(), platform, problem: checkUsername(typed, platform) ?? whyNot(typed, platform) };
}

/** Check each line that is not empty. An account in two lines is one entry. */
export function entriesOf(text: string, chosen: Platform, whyNot: WhyNot): Entry[] {
  const entries = new Map<string, Entry>();
  for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
    const entry = entryOf(line, platformOf(line) ?? chosen, whyNot);
    const key = entry.problem === null ? `${entry.platform}/${accountKey(line, entry.platform)}` : line;
    entries.set(key, entries.get(key) ?? entry);
  }
  return [...entries.values()];
}
