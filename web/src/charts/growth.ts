/** Growth of a series, from the values of exact days. A day without a value has none, and so has what needs it. */

import { type DayRange, dayNumber, inRange, type Point, valuesByDay } from './series';

export interface Growth {
  /** The newest value minus that of `days` days before its day; null if one of the two is missing. */
  absolute: number | null;
  /** `absolute` against the growth of the period before, of the same length: 25 is a quarter more. */
  percent: number | null;
}

/**
 * Growth in the `days` days, such as 7, before the last one that has a value: today has none until it is fetched. The percentage needs the whole period before: the value of
 * `2 * days` days ago. It is null, too, if nothing was gained in that period, because it would have no meaning.
 */
export function growthOver(points: readonly Point[], days: number): Growth {
  const values = valuesByDay(points);
  const last = [...values].reduce((day, [other, value]) => (value === null ? day : Math.max(day, other)), -Infinity);
  const between = (from: number, to: number) => {
    const [before, after] = [values.get(last - from) ?? null, values.get(last - to) ?? null];
    return before === null || after === null ? null : after - before;
  };
  const absolute = between(days, 0);
  const earlier = between(2 * days, days);
  const isComparable = absolute !== null && earlier !== null && earlier > 0;
  return { absolute, percent: isComparable ? (absolute / earlier - 1) * 100 : null };
}

/**
 * The points of a range in relation to its first value, which becomes 100. So accounts of any size can be compared. All
 * values are null if the first is 0 or less, because nothing is a multiple of that.
 */
export function indexed(points: readonly Point[], range: DayRange = {}): Point[] {
  const drawn = [...inRange(points, range)].sort((a, b) => (a.day < b.day ? -1 : 1));
  const first = drawn.find(({ value }) => Number.isFinite(value))?.value ?? 0;
  return drawn.map(({ day, value }) => ({
    day,
    value: first > 0 && value !== null && Number.isFinite(value) ? (value / first) * 100 : null,
  }));
}

/**
 * The gain of each day, for bars: its value minus that of the day before. Null if one of the two is missing, so a gap of
 * some days is followed by one day more without a bar.
 */
export function dailyChanges(points: readonly Point[]): Point[] {
  const values = valuesByDay(points);
  return points.map(({ day }) => {
    const number = dayNumber(day);
    const [before, after] = [values.get(number - 1) ?? null, values.get(number) ?? null];
    return { day, value: before === null || after === null ? null : after - before };
  });
}
