/**
 * The sentences of jobs in a page's language. The functions write them in English, with a code and parameters
 * (`contracts/sentences.json`, which also describes the templates).
 */

import { sentences as ENGLISH } from '../../contracts/sentences.json';
import type { TrackingJob } from './job';
import { keysOf } from './keysOf';

/** The sentences' codes. In the package's declarations the type lists each of them. */
const CODES = keysOf(ENGLISH);
export type SentenceCode = (typeof CODES)[number];

export type SentenceParams = TrackingJob['messageParams'];

/**
 * A sentence in some language: a template as in `contracts/sentences.json`, which may leave parameters out, or a
 * function for what templates cannot say, such as a language with three plurals.
 */
export type SentenceTemplate = string | ((params: SentenceParams, locale: string) => string);

/** All sentences in one language. Type a translation with this, and the compiler names a missing one. */
export type Sentences = Readonly<Record<SentenceCode, SentenceTemplate>>;

export type JobSentence = Pick<TrackingJob, 'status' | 'message' | 'error' | 'messageCode' | 'messageParams'>;

/** Sentences that pages write, so they have no code in the job. A test holds this list to the contract. */
const WRITTEN_BY_PAGES: readonly SentenceCode[] = ['waiting', 'cancelled'];

const PLACE = /\{(\w+)(?::([^{}|]+)|\|([^{}|]*)\|([^{}|]*))?\}/g;
const OPTION = /\[([^[\]]*)\]/g;

/**
 * Return the job's error if it has failed, otherwise its message. `sentences` translate it; without one it stays
 * English. Numbers and times are written as `locale` writes them, and times are those of the user's clock.
 *
 * A code may be older than its message: a page that cancels or retries writes only the message. So it counts only if
 * the English made from it is the job's text. Otherwise the text is returned as it is.
 */
export function sentenceOf(job: JobSentence, sentences: Partial<Sentences> = {}, locale = 'en'): string {
  const text = (job.status === 'failed' && job.error) || job.message;
  const code = [job.messageCode, ...WRITTEN_BY_PAGES].find((one) => isOf(text, one, job.messageParams));
  if (!code) {
    return text;
  }
  const template = sentences[code as SentenceCode] ?? ENGLISH[code as SentenceCode];
  return typeof template === 'function'
    ? template(job.messageParams, locale)
    : filled(template, job.messageParams, locale);
}

function isOf(text: string, code: string | null, params: SentenceParams): boolean {
  return code !== null && Object.hasOwn(ENGLISH, code) && filled(ENGLISH[code as SentenceCode], params) === text;
}

/** Fill a template. Without a locale the result is the English of the functions, with times in UTC. */
function filled(template: string, params: SentenceParams, locale?: string): string {
  return template
    .replace(OPTION, (_, part: string) =>
      [...part.matchAll(PLACE)].every(([, name = '']) => name in params) ? part : '',
    )
    .replace(PLACE, (_, name: string, format?: string, one?: string, other?: string) => {
      const value = params[name] ?? '';
      if (format) {
        return timeOf(new Date(value), format.includes('SS'), locale) ?? `${value}`;
      }
      if (one !== undefined) {
        return (value === 1 ? one : other) ?? '';
      }
      return typeof value === 'number' ? value.toLocaleString(locale ?? 'en-US') : value;
    });
}

function timeOf(time: Date, hasSeconds: boolean, locale?: string): string | null {
  if (Number.isNaN(time.getTime())) {
    return null;
  }
  if (!locale) {
    return `${time.toISOString().slice(11, hasSeconds ? 19 : 16)} UTC`;
  }
  return time.toLocaleTimeString(locale, {
    hour: '2-digit',
    minute: '2-digit',
    ...(hasSeconds && { second: '2-digit' }),
  });
}
