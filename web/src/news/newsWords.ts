import { type DeliveryAttempt, type DeliveryError, EVENT_TYPES, type EventType, TEST_TYPE } from '../news';
import { type EventGroup, englishNewsLabels, type NewsLabels } from './newsLabels';

/** The labels of a page, with the numbers and times of its language. Times are those of the browser's clock. */
export interface NewsWords {
  labels: NewsLabels;
  /** A BCP 47 tag, such as `en` or `de-CH`. */
  locale: string;
  number(value: number): string;
  /** The time of day, with the day when it is not the same day as `now`. */
  time(date: Date, now: Date): string;
  /** As `time`, with seconds. */
  exactTime(date: Date, now: Date): string;
  /** The day alone. */
  day(date: Date): string;
  /** Milliseconds as `132 ms`, `15 s`. */
  duration(ms: number): string;
  /** An hour of the day, 0 to 23, as `8:00 AM`. */
  hour(hour: number): string;
}

/** Make the words of a page. Throws a RangeError when `locale` is no language tag, such as `de_DE`. */
export function newsWordsOf(
  own: Partial<NewsLabels> = {},
  locale = own.language ?? englishNewsLabels.language,
): NewsWords {
  const clock: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };
  const day: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' };
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  const [time, exact, distant, distantExact, dayAlone] = [
    format(clock),
    format({ ...clock, second: '2-digit' }),
    format({ ...day, ...clock }),
    format({ ...day, ...clock, second: '2-digit' }),
    format(day),
  ];
  const hours = format({ ...clock, timeZone: 'UTC' });
  const number = new Intl.NumberFormat(locale);
  const isSameDay = (one: Date, other: Date) => one.toDateString() === other.toDateString();
  return {
    labels: { ...englishNewsLabels, ...own },
    locale,
    number: (value) => number.format(value),
    time: (date, now) => (isSameDay(date, now) ? time : distant).format(date),
    exactTime: (date, now) => (isSameDay(date, now) ? exact : distantExact).format(date),
    day: (date) => dayAlone.format(date),
    duration: (ms) => (ms < 1000 ? `${number.format(ms)} ms` : `${number.format(Math.round(ms / 100) / 10)} s`),
    hour: (hour) => hours.format(new Date(Date.UTC(2026, 0, 1, hour))),
  };
}

/** Return the name of an event's type. One that this version does not know is returned as it is. */
export function typeName(type: string, { labels }: NewsWords): string {
  if (type === TEST_TYPE) {
    return labels.testType;
  }
  return Object.hasOwn(labels.types, type) ? labels.types[type as EventType] : type;
}

/** Return the group of a type; `other` for one that this version does not know. */
export function groupOf(type: string): EventGroup {
  const group = EVENT_TYPES.some((known) => known === type) ? type.split('.')[1] : undefined;
  return group === 'job' || group === 'account' || group === 'video' || group === 'webhook' ? group : 'other';
}

const [HEAD, TAIL] = [7, 8];

/**
 * Shorten an event's id for a row that has its type, which is the id's last word. The beginning is the job's, and the end
 * then tells the events of one job apart.
 */
export function shortId(id: string, type: string): string {
  const word = `-${type.split('.').at(-1)}`;
  const own = id.endsWith(word) ? id.slice(0, -word.length) : id;
  return own.length <= HEAD + TAIL + 1 ? own : `${own.slice(0, HEAD)}…${own.slice(-TAIL)}`;
}

/** Leave out what all addresses have: the scheme, and the slash of a host alone. */
export function shortUrl(url: string): string {
  return url.replace(/^https:\/\//, '').replace(/^([^/]*)\/$/, '$1');
}

/** Say how an attempt ended: the answer's status, or the error in words. Empty if neither is known. */
export function resultWords(
  { status, error }: { status: number | null; error: DeliveryError | null },
  { labels }: NewsWords,
): string {
  if (error !== null) {
    return Object.hasOwn(labels.errors, error) ? labels.errors[error] : error;
  }
  return status === null ? '' : labels.answered(String(status));
}

/** The same of a delivery's last attempt. */
export function lastResultWords(attempts: readonly DeliveryAttempt[], words: NewsWords): string {
  const last = attempts.at(-1);
  return last ? resultWords(last, words) : '';
}
