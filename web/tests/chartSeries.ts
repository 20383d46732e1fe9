/** Golden series: the shapes that accounts have, and those that break charts. The gallery draws them, tests check them. */

import type { Point } from '../src/charts/series';

/** Points of days in a row, of which the last is 30 November 2026. */
export function pointsOf(values: readonly (number | null)[], lastDay = '2026-11-30'): Point[] {
  const last = Date.parse(lastDay);
  const dayOf = (index: number) => new Date(last - (values.length - 1 - index) * 86_400_000).toISOString().slice(0, 10);
  return values.map((value, index) => ({ day: dayOf(index), value }));
}

const valuesOf = (count: number, value: (index: number) => number | null) =>
  Array.from({ length: count }, (_, index) => value(index));

/** A wave that looks random, the same at each run. */
const noise = (index: number) => Math.sin(index * 12.9898) * Math.cos(index * 4.1414);

export const steady = pointsOf(valuesOf(30, (day) => 12_400 + 38 * day));
export const viral = pointsOf(
  valuesOf(30, (day) => Math.round(8_200 + 20 * day + 52_000 / (1 + Math.exp(-(day - 19) * 1.4)))),
);
/** A large channel: the platform rounds to three figures. */
export const rounded = pointsOf(valuesOf(30, (day) => Math.floor((12_340_000 + 4_100 * day) / 10_000) * 10_000));
export const gap = pointsOf(
  valuesOf(30, (day) => ((day > 8 && day < 13) || day === 20 || day === 22 ? null : 5_000 + 60 * day)),
);
export const onePoint = pointsOf([4_210]);
export const none: Point[] = [];
export const hidden = pointsOf([null, null, null]);
export const equal = pointsOf(valuesOf(30, () => 640));
/** New followers a day, of an account that also loses some. */
export const negative = pointsOf(
  valuesOf(30, (day) => (day === 12 ? null : day === 17 ? 0 : Math.round(34 * noise(day) + 14 * Math.sin(day / 4)))),
);
export const year = pointsOf(
  valuesOf(366, (day) =>
    day > 200 && day < 212 ? null : Math.round(41_000 + 62 * day + 900 * noise(day) + 2_600 * Math.sin(day / 23)),
  ),
);
export const huge = pointsOf([9_007_199_254_740_991, 9_007_199_254_740_000, 9_007_199_254_700_000]);

/** New followers of each day of a year. */
export const yearOfGrowth = pointsOf(
  year.slice(1).map(({ value }, index) => {
    const before = year[index]?.value ?? null;
    return value === null || before === null ? null : value - before;
  }),
);

/** Posts of somebody who works in the evening, and hardly ever on Sundays. */
export const posts = [0, 1, 2, 3, 4, 5, 6].map((weekday) =>
  valuesOf(24, (hour) => {
    const evening = Math.exp(-((hour - 18) ** 2) / 5) * (weekday === 6 ? 1 : 9);
    const noon = Math.exp(-((hour - 12) ** 2) / 3) * (weekday > 4 ? 1 : 5);
    return Math.max(0, Math.round(evening + noon + 1.4 * noise(weekday * 24 + hour) - 0.3));
  }).map((count) => count ?? 0),
);
