/** Many names or links that a person pasted: what each one means, and the start of their jobs. */

import { type TrackingJobError, trackingJobError } from '../src/errors';
import type { Platform } from '../src/job';
import { accountKey, checkUsername, platformOf } from '../src/username';

/** `new` can be tracked; `known` needs no job; `twice` is an account of an earlier line; `wrong` names no account. */
export type PastedKind = 'new' | 'known' | 'twice' | 'wrong';

export interface Pasted {
  /** The line in the text, from 1. A line may hold several names. */
  line: number;
  /** Without spaces and quotes around it. */
  typed: string;
  /** The platform of the link, or the one chosen for bare names. */
  platform: Platform;
  /** Equal for all ways to type one account. */
  key: string;
  kind: PastedKind;
  /** A sentence that says why it is not `new`; empty for one that is. */
  reason: string;
}

/** Say why an account needs no job; null if it needs one. */
export type WhyKnown = (typed: string, platform: Platform) => string | null;

/**
 * Between two names: the end of a line, a cell of a spreadsheet, a semicolon, or a comma. A comma in the query of a link
 * belongs to the link, unless a space, "@" or another link follows.
 */
const BETWEEN = /[\t;]|,(?=\s|@|https?:)|(?<!\?[^\s,;]*),/;

/** Read each name of the text. Bare names are on the platform `chosen`. */
export function pastedOf(text: string, chosen: Platform, whyKnown: WhyKnown): Pasted[] {
  const lines = new Map<string, number>();
  return text.split(/\r\n|\r|\n/).flatMap((row, index) =>
    row
      .split(BETWEEN)
      .map(withoutQuotes)
      .filter((typed) => typed !== '')
      .map((typed) => {
        const line = index + 1;
        const platform = platformOf(typed) ?? chosen;
        const key = keyOf(typed, platform);
        const wrong = checkUsername(typed, platform);
        if (wrong !== null) {
          return { line, typed, platform, key, kind: 'wrong', reason: wrong };
        }
        const earlier = lines.get(key);
        if (earlier !== undefined) {
          return { line, typed, platform, key, kind: 'twice', reason: `The same account as in line ${earlier}.` };
        }
        lines.set(key, line);
        const known = whyKnown(typed, platform);
        return { line, typed, platform, key, kind: known === null ? 'new' : 'known', reason: known ?? '' };
      }),
  );
}

/** Return a text that is the same for all ways to type an account of the platform. */
export function keyOf(typed: string, platform: Platform): string {
  return `${platform}/${accountKey(typed, platform)}`;
}

/** Cells that were copied out of a CSV file have quotes. */
function withoutQuotes(cell: string): string {
  return cell
    .trim()
    .replace(/^(["'“])(.*)["'”]$/, '$2')
    .trim();
}

/** Jobs that are written at the same time: enough to hide the way to the database, and kind to it. */
const AT_ONCE = 4;
/** After one of these, each further job would fail for the same reason. */
const HOPELESS = ['offline', 'not-signed-in', 'not-allowed', 'not-set-up'];

export interface Started {
  done: Pasted[];
  failed: Map<Pasted, TrackingJobError>;
  /** The failure after which no more were tried. */
  hopeless: TrackingJobError | null;
}

interface StartOptions {
  /** Called after each job, with the number of those that have been tried. */
  onTried: (count: number) => void;
  /** Aborted, it leaves the rest untried. */
  signal: AbortSignal;
}

/** Start a job for each, a few at a time. One that fails does not stop the others, unless all of them would fail. */
export async function startAll(
  wanted: readonly Pasted[],
  start: (one: Pasted) => Promise<void>,
  { onTried, signal }: StartOptions,
): Promise<Started> {
  const waiting = [...wanted];
  const result: Started = { done: [], failed: new Map(), hopeless: null };

  async function work(): Promise<void> {
    for (let one = waiting.shift(); one && !signal.aborted && !result.hopeless; one = waiting.shift()) {
      try {
        await start(one);
        result.done.push(one);
      } catch (thrown) {
        const error = trackingJobError(thrown);
        result.failed.set(one, error);
        result.hopeless ??= HOPELESS.includes(error.code) ? error : null;
      }
      onTried(result.done.length + result.failed.size);
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return result;
}
