/** The demo's comparison of accounts. */

import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { History, Videos, Watched } from '../../demo/account/useAccountData';
import { ComparePage, type ComparePageProps } from '../../demo/compare/ComparePage';
import { type Compared, comparisonCsv, comparisonOf, indexedLines, namesOf } from '../../demo/compare/comparison';
import type { TrackedAccount } from '../../src/account';
import { TrackingJobError } from '../../src/errors';
import type { HistoryPoint } from '../../src/history';
import { makeAccess, makeAccount, makeHistory, makeVideo, makeVideos, SCOPE, SOURCE } from '../accountFakes';
import { pointsOf } from '../chartSeries';

vi.setConfig({ testTimeout: 30_000 });

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const NOW = new Date('2026-11-30T12:00:00Z');
const orbital = makeAccount();
const mars = makeAccount({ id: 'tiktok_2', platform: 'tiktok', username: 'marsdaily', displayName: 'Mars Daily' });
const lab = makeAccount({ id: 'instagram_3', platform: 'instagram', username: 'starlab', displayName: 'Star Lab' });

/** A history of 31 days, of which the last ones have these followers. */
function historyOf(followers: readonly (number | null)[], days = 7): Watched<History> {
  const all = [...Array.from({ length: 31 - followers.length }, () => null), ...followers];
  const points = pointsOf(all).map(({ day, value }) => ({ ...makeHistory(1)[0], day, at: null, followers: value }));
  return { status: 'ready', value: { days, points: points as HistoryPoint[] }, isStale: false };
}
const ready = (items: Videos['items'] = []): Watched<Videos> => ({
  status: 'ready',
  value: { items, hasMore: false, order: 'newest' },
  isStale: false,
});
const compared = (account: TrackedAccount, followers: readonly (number | null)[], videos = ready()): Compared => ({
  account,
  history: historyOf(followers),
  videos,
});

describe('the comparison', () => {
  test('begins on the first day on which all have a value', () => {
    const comparison = comparisonOf(
      [compared(orbital, [100, 110, 120, null, 150, 160]), compared(mars, [null, null, 10, 20, 30])],
      7,
      NOW,
    );
    expect(comparison.commonStart).toBe('2026-11-29');
    expect(comparison.range).toEqual({ from: '2026-11-23', to: '2026-11-30' });
    expect(indexedLines(comparison).map(({ points }) => points.map(({ value }) => value && Math.round(value)))).toEqual(
      [
        [100, 107],
        [100, 150],
      ],
    );
  });

  test('of one account or of three begins where all of them do', () => {
    const [one, two, three] = [
      compared(orbital, [1, 2, 3, 4]),
      compared(mars, [null, 2, 3, 4]),
      compared(lab, [null, null, 3, 4]),
    ];
    expect(comparisonOf([one], 7, NOW).commonStart).toBe('2026-11-27');
    expect(comparisonOf([one, two, three], 7, NOW).commonStart).toBe('2026-11-29');
  });

  test('without a common day has none', () => {
    const comparison = comparisonOf([compared(orbital, [1, null]), compared(mars, [null, 1])], 7, NOW);
    expect(comparison.commonStart).toBeNull();
    expect(comparison.lines).toHaveLength(2);
  });

  test('has a row for each account, and a line for those with values', () => {
    const posts = [1.5, 0.5, 3, 2].map((multiplier, id) =>
      makeVideo({ id: String(id), multiplier, publishedAt: NOW, viewCount: 100, likeCount: 4, commentCount: 1 }),
    );
    const comparison = comparisonOf(
      [
        compared({ ...mars, followerCount: null }, [null, null]),
        compared(
          { ...orbital, lastSyncedAt: NOW },
          Array.from({ length: 10 }, (_, day) => 100 + 10 * day),
          ready(posts),
        ),
        compared({ ...lab, unavailable: 'private' }, []),
      ],
      7,
      NOW,
    );
    expect(comparison.rows.map(({ line }) => line)).toEqual([null, 0, null]);
    expect(comparison.rows.map(({ notes }) => notes)).toEqual([
      ['Followers are hidden, so it has no line.'],
      [],
      ['Not available any more: these are the last known values.', 'No history in this time, so it has no line.'],
    ]);
    expect(comparison.rows[1]).toMatchObject({
      gain: { absolute: 70, isWhole: true },
      engagement: 0.05,
      outliers: { share: 0.5, counted: 4 },
    });
    expect(comparison.rows[0]).toMatchObject({ gain: null, engagement: null, outliers: { share: null } });
  });

  test('waits for histories of the new range', () => {
    const comparison = comparisonOf([compared(orbital, [1, 2])], 30, NOW);
    expect([comparison.isLoading, comparison.lines, comparison.rows[0]?.notes]).toEqual([true, [], []]);
  });

  test('says that there is no connection', () => {
    const stale = { ...compared(orbital, [1, 2]), history: { ...historyOf([1, 2]), isStale: true } };
    expect(comparisonOf([stale as Compared, compared(mars, [1, 2])], 7, NOW).isStale).toBe(true);
    expect(comparisonOf([compared(mars, [1, 2])], 7, NOW).isStale).toBe(false);
  });

  test('says what could not be loaded', () => {
    const failed = { status: 'failed', sentence: 'The history could not be loaded.' } as const;
    const comparison = comparisonOf([{ account: orbital, history: failed, videos: failed }], 7, NOW);
    expect(comparison.problem).toBe('The history could not be loaded.');
    expect(comparison.rows[0]?.notes).toEqual(['Its history could not be loaded.', 'Its posts could not be loaded.']);
  });

  test('names accounts by handle, and equal ones by platform too', () => {
    expect(namesOf([orbital, { ...lab, username: 'Orbital' }, mars])).toEqual([
      '@orbital on YouTube',
      '@Orbital on Instagram',
      '@marsdaily',
    ]);
  });

  test('as CSV has a column for each account', () => {
    const comparison = comparisonOf([compared(orbital, [100, null, 120]), compared(mars, [null, null, 10])], 7, NOW);
    expect(comparisonCsv(comparison)).toBe('day,orbital,marsdaily\r\n2026-11-28,100,\r\n2026-11-30,120,10\r\n');
  });
});

describe('the page of the comparison', () => {
  const ACCOUNTS = [
    orbital,
    mars,
    lab,
    ...[4, 5, 6].map((id) => makeAccount({ id: `x${id}`, username: `more${id}`, displayName: `More ${id}` })),
  ];

  function page(ids: string[], props: Partial<ComparePageProps> = {}) {
    const all: ComparePageProps = {
      source: SOURCE,
      scope: SCOPE,
      accounts: ACCOUNTS,
      ids,
      days: 30,
      onIds: vi.fn(),
      onDays: vi.fn(),
      onBack: vi.fn(),
      isLoading: false,
      access: makeAccess({
        history: (id, days) => makeHistory(days, { followers: id === orbital.id ? 128_400 : 5_000, daily: 5 }),
        videos: () => makeVideos(30),
      }),
      ...props,
    };
    const { container } = render(<ComparePage {...all} />);
    return { ...all, container };
  }
  const rows = () => screen.getAllByRole('row').slice(1);
  const chartTitle = () => screen.getByRole('figure').querySelector('figcaption')?.textContent;

  test('draws lines from 100, and shows the accounts side by side', async () => {
    page([orbital.id, mars.id]);
    expect(document.activeElement?.textContent).toBe('Compare accounts');
    expect(chartTitle()).toMatch(/^Followers in relation to .*, which is 100/);
    expect(rows()).toHaveLength(2);
    expect(rows()[0]?.textContent).toContain('128,400 followers');
    expect(
      within(rows()[0] as HTMLElement)
        .getByRole('link', { name: 'Orbital Weekly' })
        .getAttribute('href'),
    ).toBe('#/accounts/youtube_UC1');
    await userEvent.click(screen.getByRole('radio', { name: 'Followers' }));
    expect(chartTitle()).toBe('Followers');
  });

  test('adds an account that is searched for, and takes one out', async () => {
    const { onIds } = page([orbital.id]);
    const search = screen.getByRole('searchbox', { name: 'Add an account' });
    await userEvent.type(search, '@nobody');
    expect(screen.getByText('No other account matches.')).toBeTruthy();
    await userEvent.clear(search);
    await userEvent.type(search, '@orbital');
    expect(screen.getByText('No other account matches.')).toBeTruthy();
    await userEvent.clear(search);
    await userEvent.type(search, 'mars');
    await userEvent.click(screen.getByRole('button', { name: /Mars Daily/ }));
    expect(onIds).toHaveBeenLastCalledWith([orbital.id, mars.id]);
    expect(search).toHaveProperty('value', '');
    await userEvent.click(screen.getByRole('button', { name: /Take @orbital out/ }));
    expect(onIds).toHaveBeenLastCalledWith([]);
  });

  test('takes five accounts at most', () => {
    page(ACCOUNTS.slice(0, 5).map(({ id }) => id));
    expect(screen.getByRole('searchbox')).toHaveProperty('disabled', true);
    expect(screen.getByText(/^5 accounts at most/)).toBeTruthy();
  });

  test('says that accounts of the link are missing', async () => {
    const { onIds } = page([orbital.id, 'gone1', 'gone2']);
    expect(screen.getByRole('note').textContent).toContain('2 accounts of this link are not in this project');
    await userEvent.click(screen.getByRole('button', { name: 'Leave out' }));
    expect(onIds).toHaveBeenCalledWith([orbital.id]);
  });

  test('does not miss accounts while they load', async () => {
    const { onBack } = page([orbital.id], { accounts: [], isLoading: true });
    expect(screen.queryByRole('note')).toBeNull();
    expect(screen.queryByText(/^Choose two accounts/)).toBeNull();
    expect(screen.getByText('Loading…')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'All accounts' }));
    expect(onBack).toHaveBeenCalledOnce();
  });

  test('without accounts asks for some', () => {
    page([]);
    expect(screen.getByText(/^Choose two accounts or more/)).toBeTruthy();
    expect(screen.queryByRole('table')).toBeNull();
  });

  test('says when nothing can be drawn or loaded', () => {
    page([mars.id], {
      access: makeAccess({ history: (_, days) => makeHistory(days, { known: 0 }), videos: () => [] }),
    });
    expect(screen.getByText(/^None of these accounts has a history of the last 30 days/)).toBeTruthy();
    cleanup();
    page([mars.id], { access: makeAccess({ error: new TrackingJobError('unavailable') }) });
    expect(screen.getByRole('alert').textContent).toContain('cannot be reached right now');
  });

  test('breaks no rule of axe', async () => {
    const { container } = page([orbital.id, mars.id, lab.id]);
    await userEvent.type(screen.getByRole('searchbox'), 'more');
    const { violations } = await axe.run(container, { rules: { region: { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
});
