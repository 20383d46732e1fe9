/** The history of a range as a CSV file. */

import { type CsvCell, type DayRange, toCsv } from '../../src/chartsEntry';
import type { HistoryPoint } from '../../src/history';
import { hasPoint } from './figures';

const COLUMNS: Readonly<Record<string, (point: HistoryPoint) => CsvCell>> = {
  day: ({ day }) => day,
  fetched: ({ at }) => at?.toISOString() ?? null,
  followers: ({ followers }) => followers,
  following: ({ following }) => following,
  posts: ({ posts }) => posts,
  views: ({ views }) => views,
  videoViews: ({ videoViews }) => videoViews,
  newVideos: ({ newVideos }) => newVideos,
};

/** Write the points of a range, oldest first. A day without a fetch has no line, a hidden count an empty cell. */
export function historyCsv(points: readonly HistoryPoint[], { from = '', to = '9999' }: DayRange): string {
  const columns = Object.values(COLUMNS);
  const rows = points.filter((point) => from <= point.day && point.day <= to && hasPoint(point));
  return toCsv([Object.keys(COLUMNS), ...rows.map((point) => columns.map((column) => column(point)))]);
}
