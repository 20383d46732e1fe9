/** Facts of one line, for its summary. Numbers and days are texts in the reader's language. */
export interface LineFacts {
  name: string;
  /** The first and the last day that have a value; the same if there is only one. */
  from: string;
  to: string;
  first: string;
  last: string;
  lowest: string;
  highest: string;
}

/**
 * Every text of the charts. A page passes its own as `labels`, all or some; `account-tracking/de` has German ones.
 * Numbers, days and hours come as text, formatted for `locale`.
 */
export interface ChartLabels {
  /** The language of these texts, such as `en` or `pt-BR`. It also formats numbers and days, unless `locale` does. */
  language: string;
  noData: string;
  /** Read in place of a number. */
  noValue: string;
  showTable: string;
  showChart: string;
  /** Heads of the table's first column. */
  day: string;
  weekday: string;
  /** Sentences of a summary. */
  line(facts: LineFacts): string;
  bars(facts: LineFacts & { total: string }): string;
  onlyValue(facts: LineFacts): string;
  gaps(shown: string, count: number): string;
  posts(shown: string, count: number): string;
  /** A cell of the heat map: `Monday, 6 PM: 3 posts`. */
  cell(weekday: string, hour: string, posts: string): string;
  busiest(cell: string): string;
  /** The ends of the heat map's legend. */
  less: string;
  more: string;
}

export const englishChartLabels: ChartLabels = {
  language: 'en',
  noData: 'No data yet',
  noValue: 'No value',
  showTable: 'Show as table',
  showChart: 'Show as chart',
  day: 'Day',
  weekday: 'Weekday',
  line: ({ name, from, to, first, last, lowest, highest }) =>
    `${name}: ${first} on ${from}, ${last} on ${to}. Lowest ${lowest}, highest ${highest}.`,
  bars: ({ name, from, to, total, lowest, highest }) =>
    `${name}: ${total} in total, from ${from} to ${to}. Lowest ${lowest}, highest ${highest}.`,
  onlyValue: ({ name, to, last }) => `${name}: ${last} on ${to}.`,
  gaps: (shown, count) => (count === 1 ? 'One day has no value.' : `${shown} days have no value.`),
  posts: (shown, count) => `${shown} ${count === 1 ? 'post' : 'posts'}`,
  cell: (weekday, hour, posts) => `${weekday}, ${hour}: ${posts}`,
  busiest: (cell) => `Busiest hour: ${cell}.`,
  less: 'Less',
  more: 'More',
};
