/** Formats of numbers and times, in English as the whole page. */

import { full } from '../format';

const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const UTC_DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });
const TIME = new Intl.DateTimeFormat('en', { hour: 'numeric', minute: '2-digit' });
const DAY_AND_TIME = new Intl.DateTimeFormat('en', {
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
});
const ONE_DECIMAL = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** Format a number such as 3.25: `3.3`. */
export function decimal(value: number): string {
  return ONE_DECIMAL.format(value);
}

/** Format a UTC day such as `2026-11-20`: `Nov 20, 2026`. */
export function utcDay(text: string): string {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : UTC_DAY.format(moment);
}

/** Format a time to come: `in 5 hours`, `in 2 days`; `now` when it has passed. */
export function until(moment: Date, now: Date): string {
  const minutes = Math.round((moment.getTime() - now.getTime()) / 60_000);
  if (minutes < 1) {
    return 'now';
  }
  if (minutes < 60) {
    return RELATIVE.format(minutes, 'minute');
  }
  if (minutes < 36 * 60) {
    return RELATIVE.format(Math.round(minutes / 60), 'hour');
  }
  return `in ${Math.round(minutes / (24 * 60))} days`;
}

/** Format a moment: `2:05 PM`, with the date when it is not today. */
export function clock(moment: Date, now: Date): string {
  return (moment.toDateString() === now.toDateString() ? TIME : DAY_AND_TIME).format(moment);
}

/** Say a growth against that of the period before: `25% more than in the 30 days before`. */
export function comparedWith(percent: number, days: number): string {
  const period = `than in the ${days} days before`;
  const rounded = Math.round(Math.abs(percent));
  return rounded === 0
    ? `as much as in the ${days} days before`
    : `${full(rounded)}% ${percent > 0 ? 'more' : 'less'} ${period}`;
}
