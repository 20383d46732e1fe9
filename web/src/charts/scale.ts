/** Axes with few, round ticks. */

import { dateOf, dayNumber } from './series';

export interface Scale {
  low: number;
  high: number;
  /** From `low` to `high`, at least three. */
  ticks: readonly number[];
}

const MOST_STEPS = 4;

/** The scale of some values. `withZero` makes zero a part of it, as bars need. */
export function scaleOf(values: readonly number[], withZero = false): Scale {
  const least = withZero ? 0 : Infinity;
  let low = values.reduce((a, b) => Math.min(a, b), least);
  let high = values.reduce((a, b) => Math.max(a, b), -least);
  const isWhole = values.every(Number.isInteger);
  if (low > high) {
    [low, high] = [0, 1];
  }
  if (low === high) {
    // A flat line lies in the middle, but for a zero.
    const room = Math.abs(low) / 10 || 1;
    [low, high] = [low === 0 ? 0 : low - room, high + room];
  }
  const step = Math.max(roundStep((high - low) / MOST_STEPS), isWhole ? 1 : 0);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 2);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { low: first * step, high: last * step, ticks };
}

/** The next of 1, 2, 5, 10, 20, 50 ... */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  const factor = [1, 2, 5].find((one) => one * power >= atLeast * (1 - 1e-9)) ?? 10;
  return factor * power;
}

export interface DayTick {
  /** Place in the days. */
  index: number;
  unit: 'day' | 'month' | 'year';
}

const MOST_DAYS = 7;
const A_MONDAY = dayNumber('2024-01-01');

/** At most seven ticks: each day, each second one, Mondays, or first days of months, whichever fits. */
export function dayTicks(days: readonly string[]): DayTick[] {
  const numbers = days.map(dayNumber);
  for (const step of [1, 2, 7, 14]) {
    if (days.length / step <= MOST_DAYS) {
      const ticks = numbers.map((number, index) => ({ index, unit: 'day' as const, number }));
      return ticks.filter(({ number }) => (number - A_MONDAY) % step === 0);
    }
  }
  const months = numbers.flatMap((number, index) => {
    const date = dateOf(number);
    return date.getUTCDate() === 1 ? [{ index, month: date.getUTCFullYear() * 12 + date.getUTCMonth() }] : [];
  });
  for (const step of [1, 2, 3, 6, 12, 24, 60]) {
    const ticks = months.filter(({ month }) => month % step === 0);
    if (ticks.length <= MOST_DAYS) {
      return ticks.map(({ index, month }) => ({ index, unit: month % 12 === 0 ? 'year' : 'month' }));
    }
  }
  return [];
}
