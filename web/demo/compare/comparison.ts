/** Rows, lines and files of the comparison of accounts. */

import type { TrackedAccount, TrackedVideo } from '../../src/account';
import { type DayRange, indexed, type Point, type Series, toCsv } from '../../src/chartsEntry';
import { PLATFORM_LABELS } from '../../src/job';
import {
  engagementRate,
  type Gain,
  gainIn,
  hasValues,
  pointsOf,
  postsPerWeek,
  rangeOf,
  type Share,
  shareOfOutliers,
} from '../account/figures';
import type { History, Videos, Watched } from '../account/useAccountData';

/** An account and what is known of it so far. */
export interface Compared {
  account: TrackedAccount;
  history: Watched<History>;
  videos: Watched<Videos>;
}

export interface Row {
  account: TrackedAccount;
  followers: number | null;
  gain: Gain | null;
  engagement: number | null;
  postsPerWeek: number | null;
  outliers: Share | null;
  /** The place of its line in the chart, from 0 on; null without a line. */
  line: number | null;
  /** Sentences about what is missing. */
  notes: string[];
}

export interface Comparison {
  rows: Row[];
  lines: Series[];
  range: DayRange;
  /** The first day of the range on which each line has a value; null without such a day. */
  commonStart: string | null;
  isLoading: boolean;
  /** There is no connection, and these are the last known values. */
  isStale: boolean;
  /** The sentence of the first thing that could not be loaded; null if nothing failed. */
  problem: string | null;
}

/** Compare accounts over a range of days. */
export function comparisonOf(compared: readonly Compared[], days: number, now: Date): Comparison {
  const lines: (Series & { range: DayRange })[] = [];
  const names = namesOf(compared.map(({ account }) => account));
  const rows = compared.map(({ account, history, videos }, index) => {
    const points = history.status === 'ready' ? history.value.points : [];
    const range = rangeOf(points, days);
    const followers = pointsOf(points, 'followers');
    const hasLine = history.status === 'ready' && history.value.days === days && hasValues(followers, range);
    if (hasLine) {
      lines.push({ name: names[index] ?? account.username, points: followers, range });
    }
    return {
      account,
      followers: account.followerCount,
      gain: hasLine ? gainIn(followers, days) : null,
      ...figuresOf(account, videos, now),
      line: hasLine ? lines.length - 1 : null,
      notes: notesOf({ account, history, videos }, hasLine, days),
    };
  });
  const range = wholeRange(lines.map((line) => line.range));
  return {
    rows,
    lines: lines.map(({ name, points }) => ({ name, points })),
    range,
    commonStart: commonStart(lines, range),
    problem: compared.flatMap(({ history, videos }) => [history, videos]).find(isFailed)?.sentence ?? null,
    isStale: compared.some(({ history }) => history.status === 'ready' && history.isStale),
    isLoading: compared.some(
      ({ history }) => history.status === 'loading' || (history.status === 'ready' && history.value.days !== days),
    ),
  };
}

function isFailed(state: Watched<unknown>): state is Extract<Watched<unknown>, { status: 'failed' }> {
  return state.status === 'failed';
}

/** From the earliest beginning to the latest end. */
function wholeRange(ranges: readonly DayRange[]): DayRange {
  return {
    from: ranges.map(({ from }) => from).sort()[0],
    to: ranges
      .map(({ to }) => to)
      .sort()
      .at(-1),
  };
}

function figuresOf(account: TrackedAccount, videos: Watched<Videos>, now: Date) {
  if (videos.status !== 'ready') {
    return { engagement: null, postsPerWeek: null, outliers: null };
  }
  const items: readonly TrackedVideo[] = videos.value.items;
  return {
    engagement: engagementRate(items, account, now).share,
    postsPerWeek: postsPerWeek(videos.value, account, now),
    outliers: shareOfOutliers(items),
  };
}

function notesOf({ account, history, videos }: Compared, hasLine: boolean, days: number): string[] {
  const notes: string[] = [];
  if (account.unavailable !== null) {
    notes.push('Not available any more: these are the last known values.');
  }
  if (history.status === 'failed') {
    notes.push('Its history could not be loaded.');
  } else if (history.status === 'ready' && history.value.days === days && !hasLine) {
    notes.push(
      account.followerCount === null
        ? 'Followers are hidden, so it has no line.'
        : 'No history in this time, so it has no line.',
    );
  }
  if (videos.status === 'failed') {
    notes.push('Its posts could not be loaded.');
  }
  return notes;
}

/** The accounts' handles; with the platform where two would be the same. */
export function namesOf(accounts: readonly TrackedAccount[]): string[] {
  const handles = accounts.map(({ username }) => `@${username}`);
  return accounts.map((account, index) => {
    const handle = handles[index] ?? '';
    const isTwice = handles.filter((other) => other.toLowerCase() === handle.toLowerCase()).length > 1;
    return isTwice && account.platform ? `${handle} on ${PLATFORM_LABELS[account.platform]}` : handle;
  });
}

function commonStart(lines: readonly Series[], { from = '', to = '9999' }: DayRange): string | null {
  const [first, ...others] = lines.map(
    ({ points }) => new Set(points.filter(({ value }) => value !== null).map(({ day }) => day)),
  );
  const days = [...(first ?? [])].filter((day) => from <= day && day <= to).toSorted();
  return days.find((day) => others.every((other) => other.has(day))) ?? null;
}

/** The lines in relation to their values of the first common day, which become 100. */
export function indexedLines({ lines, range, commonStart }: Comparison): Series[] {
  const from = commonStart ?? undefined;
  return lines.map(({ name, points }) => ({ name, points: indexed(points, { from, to: range.to }) }));
}

/** Write the followers of each day as CSV, a column for each account. A day without any value has no line. */
export function comparisonCsv({ lines, range: { from = '', to = '9999' } }: Comparison): string {
  const values = lines.map(({ points }) => new Map(points.map(({ day, value }: Point) => [day, value])));
  const days = [...new Set(values.flatMap((byDay) => [...byDay.keys()]))].filter((day) => from <= day && day <= to);
  const rows = days
    .toSorted()
    .map((day) => [day, ...values.map((byDay) => byDay.get(day) ?? null)])
    .filter(([, ...cells]) => cells.some((cell) => cell !== null));
  return toCsv([['day', ...lines.map(({ name }) => name.replace(/^@/, ''))], ...rows]);
}
