/** Values by day, as `trackedAccounts/.../accountHistory` has them: one value a UTC day, and none where it is hidden. */

export interface Point {
  /** A day as `2026-11-30`. */
  day: string;
  /** Null where there is none. It is never guessed from its neighbours. */
  value: number | null;
}

export interface Series {
  name: string;
  points: readonly Point[];
}

/** The days that are drawn or counted, first and last included. Without them, all days that the points have. */
export interface DayRange {
  from?: string | undefined;
  to?: string | undefined;
}

/** Every day of a range, with each series' value of that day, or null. */
export interface Timeline {
  days: readonly string[];
  columns: readonly { name: string; values: readonly (number | null)[] }[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Count the days from 1970-01-01; NaN if the text is no day. */
export function dayNumber(day: string): number {
  return DAY.test(day) ? Date.parse(day) / DAY_MS : Number.NaN;
}

export function dateOf(number: number): Date {
  return new Date(number * DAY_MS);
}

export function dayOf(number: number): string {
  return dateOf(number).toISOString().slice(0, 10);
}

/** The values by their days' numbers. What is no number has no value, and a point without a real day is left out. */
export function valuesByDay(points: readonly Point[]): Map<number, number | null> {
  const values = points.map(({ day, value }) => [dayNumber(day), Number.isFinite(value) ? value : null] as const);
  return new Map(values.filter(([number]) => !Number.isNaN(number)));
}

/** The points of a range. */
export function inRange(points: readonly Point[], { from = '', to = '9999-12-31' }: DayRange): readonly Point[] {
  return points.filter(({ day }) => from <= day && day <= to);
}

/** Lay the series out by days. A day that a series does not have is a day without a value. */
export function timelineOf(series: readonly Series[], range: DayRange = {}): Timeline {
  const columns = series.map(({ name, points }) => ({ name, byDay: valuesByDay(inRange(points, range)) }));
  const known = columns.flatMap(({ byDay }) => [...byDay.keys()]);
  const first = dayNumber(range.from ?? '');
  const last = dayNumber(range.to ?? '');
  const from = Number.isNaN(first) ? known.reduce((a, b) => Math.min(a, b), Infinity) : first;
  const to = Number.isNaN(last) ? known.reduce((a, b) => Math.max(a, b), -Infinity) : last;
  const numbers =
    from <= to && Number.isFinite(to - from) ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [];
  return {
    days: numbers.map(dayOf),
    columns: columns.map(({ name, byDay }) => ({ name, values: numbers.map((number) => byDay.get(number) ?? null) })),
  };
}
