/** Formats of numbers and times, in English as the whole page. */

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const FULL = new Intl.NumberFormat('en');
const PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
const SMALL_PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 2 });
const AGO = {
  narrow: new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'narrow' }),
  long: new Intl.RelativeTimeFormat('en', { numeric: 'auto' }),
};
const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });

/** Format 1234567 as `1.2M`. */
export function compact(count: number): string {
  return COMPACT.format(count);
}

/** Format 1234567 as `1,234,567`. */
export function full(count: number): string {
  return FULL.format(count);
}

/** Format 0.1234 as `12.3%`, and a share below a hundredth with two digits behind the point. */
export function percent(share: number): string {
  return (Math.abs(share) < 0.01 ? SMALL_PERCENT : PERCENT).format(share);
}

/** Format a change with its sign: `+1.2K`, `−300`, `0`. The minus is the mathematical one, as wide as a plus. */
export function signed(change: number, format: (size: number) => string = compact): string {
  const size = format(Math.abs(change));
  const sign = size === format(0) ? '' : change > 0 ? '+' : '−';
  return sign + size;
}

/** Format seconds as a player does: `0:07`, `12:34`, `1:02:03`. */
export function playingTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part: number) => String(part).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Format seconds for screen readers: `1 hour 2 minutes 3 seconds`. */
export function spokenPlayingTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ];
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`);
  return said.join(' ') || '0 seconds';
}

/**
 * Format a moment: `just now`, `5m ago`, `yesterday`, or the date when it is more than a month ago. In a sentence it is
 * long: `5 minutes ago`.
 */
export function ago(moment: Date, now: Date, length: keyof typeof AGO = 'narrow'): string {
  const minutes = Math.round((now.getTime() - moment.getTime()) / 60_000);
  if (minutes < 1) {
    return 'just now';
  }
  if (minutes < 60) {
    return AGO[length].format(-minutes, 'minute');
  }
  if (minutes < 24 * 60) {
    return AGO[length].format(-Math.round(minutes / 60), 'hour');
  }
  if (minutes < 31 * 24 * 60) {
    return AGO[length].format(-Math.round(minutes / (24 * 60)), 'day');
  }
  return day(moment);
}

/** Format a date: `Nov 23, 2026`. */
export function day(moment: Date): string {
  return DAY.format(moment);
}
