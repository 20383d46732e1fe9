import { englishLabels, type Labels } from './labels';

/** The labels of a panel, with the numbers and times of its language. */
export interface Words {
  labels: Labels;
  /** A BCP 47 tag, such as `en` or `de-CH`. */
  locale: string;
  number(value: number): string;
  /** From 0 to 100. */
  percent(value: number): string;
  dollars(value: number): string;
  /** Milliseconds as `12s`, `1m 12s`, `1h 5m`. Negative ones are `0s`. */
  elapsed(ms: number): string;
  /** Milliseconds rounded up as an estimate: `40s`, `3m`. */
  estimate(ms: number): string;
  /** The time of day, with the weekday when it is not the same day as `now`. */
  time(date: Date, now: Date): string;
  /** Date and time, in the browser's time zone; the time alone on the same day as `before`. */
  moment(date: Date, before: Date | undefined): string;
  /** The day alone. */
  day(date: Date): string;
}

const WEEK_MS = 6 * 24 * 60 * 60 * 1000; // a day less, so that no weekday is today's

/** Make the words of a panel. Throws a RangeError when `locale` is no language tag, such as `de_DE`. */
export function wordsOf(own: Partial<Labels>, locale = own.language ?? englishLabels.language): Words {
  const labels = { ...englishLabels, ...own };
  const plain = new Intl.NumberFormat(locale);
  const percent = new Intl.NumberFormat(locale, { style: 'percent' });
  const dollars = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', maximumFractionDigits: 4 });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  const distant = new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
  });
  const time = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short', hour: 'numeric', minute: '2-digit' });
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const day = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric' });
  const number = (value: number) => plain.format(value);
  const unit = (name: 'hour' | 'minute' | 'second') => {
    const format = new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'narrow' });
    return (value: number) => format.format(Math.floor(value));
  };
  const [hours, minutes, seconds] = [unit('hour'), unit('minute'), unit('second')];
  return {
    labels,
    locale,
    number,
    percent: (value) => percent.format(value / 100),
    dollars: (value) => dollars.format(value),
    elapsed(ms) {
      const passed = Math.max(0, ms / 1000);
      if (passed < 60) {
        return seconds(passed);
      }
      return passed < 3600
        ? `${minutes(passed / 60)} ${seconds(passed % 60)}`
        : `${hours(passed / 3600)} ${minutes((passed % 3600) / 60)}`;
    },
    estimate(ms) {
      const tens = Math.ceil(ms / 10_000) * 10;
      return tens < 60 ? seconds(tens) : minutes(Math.ceil(tens / 60));
    },
    time(date, now) {
      if (date.toDateString() === now.toDateString()) {
        return time.format(date);
      }
      return (date.getTime() - now.getTime() < WEEK_MS ? weekday : distant).format(date);
    },
    moment: (date, before) => (date.toDateString() === before?.toDateString() ? clock : moment).format(date),
    day: (date) => day.format(date),
  };
}
