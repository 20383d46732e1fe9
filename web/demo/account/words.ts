/** Formats of changes, shares and times, in English as the whole page. */

import { full } from '../format';

const SIGNED = new Intl.NumberFormat('en', {
  notation: 'compact',
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
});
const SIGNED_FULL = new Intl.NumberFormat('en', { signDisplay: 'exceptZero' });
const PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumSignificantDigits: 3 });
const SIGNED_PERCENT = new Intl.NumberFormat('en', {
  style: 'percent',
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
});
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

/** Write a minus as wide as a plus. */
function withMinus(text: string): string {
  return text.replace('-', '−');
}

/** Format a change: `+1.2K`, `−300`, `0`. */
export function signed(change: number): string {
  return withMinus(SIGNED.format(change));
}

/** Format a change: `+1,234`. */
export function signedFull(change: number): string {
  return withMinus(SIGNED_FULL.format(change));
}

/** Format a share, such as 0.0345: `3.45%`. */
export function percentOf(share: number): string {
  return PERCENT.format(share);
}

/** Format a change in per cent, such as 3.45: `+3.5%`. */
export function signedPercent(percent: number): string {
  return withMinus(SIGNED_PERCENT.format(percent / 100));
}

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
