/** The demo's page of an account. tests/e2e/browser/test_gallery.py looks at it in a browser. */

import { act, cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AccountPage, type AccountPageProps } from '../../demo/account/AccountPage';
import type { AccountAccess } from '../../demo/account/access';
import { TrackingJobError } from '../../src/errors';
import type { HistoryPoint } from '../../src/history';
import { daysAgo, makeAccess, makeAccount, makeHistory, makeVideo, makeVideos, SCOPE, SOURCE } from '../accountFakes';

vi.setConfig({ testTimeout: 30_000 }); // axe, and charts of a year

const saved: { name: string; text: Promise<string> }[] = [];

beforeEach(() => {
  saved.length = 0;
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.push({ name: this.download, text: Promise.resolve(texts.at(-1) ?? '') });
  });
  vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
    texts.push((blob as Blob).text());
    return 'blob:made';
  });
});
const texts: Promise<string>[] = [];

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const full = () => makeAccess({ history: (_, days) => makeHistory(days), videos: () => makeVideos(40) });

function page(props: Partial<AccountPageProps> = {}) {
  const all: AccountPageProps = {
    source: SOURCE,
    scope: SCOPE,
    account: makeAccount(),
    days: 30,
    onDays: vi.fn(),
    isSyncing: false,
    onSync: vi.fn(async () => {}),
    onBack: vi.fn(),
    onCompare: vi.fn(),
    canRemove: true,
    onRemove: vi.fn(async () => {}),
    access: full(),
    ...props,
  };
  const { rerender, container } = render(<AccountPage {...all} />);
  return {
    ...all,
    container,
    again: (next: Partial<AccountPageProps>) => rerender(<AccountPage {...all} {...next} />),
  };
}

const region = (name: RegExp | string) => within(screen.getByRole('region', { name }));
const posts = () => screen.queryAllByRole('article').map((post) => post.getAttribute('aria-labelledby'));
const titles = () => screen.queryAllByRole('heading', { level: 4 }).map(({ textContent }) => textContent);
const refuse = (code: 'unavailable' | 'too-early' | 'illegal-change') =>
  vi.fn(async () => {
    throw new TrackingJobError(code);
  });

describe('the head', () => {
  test('says who the account is, and has the focus', () => {
    page({
      account: makeAccount({
        isPrivate: true,
        usernameHistory: [
          { username: 'first', until: null },
          { username: 'orbital_news', until: new Date('2026-11-10T07:15:00Z') },
        ],
      }),
    });
    const heading = screen.getByRole('heading', { name: /Orbital Weekly/ });
    expect(document.activeElement).toBe(heading);
    expect(heading.textContent).toBe('Orbital Weekly (verified) (private)');
    expect(screen.getByRole('link', { name: /@orbital/ }).getAttribute('href')).toBe(
      'https://www.youtube.com/@orbital',
    );
    const line = heading.nextElementSibling?.textContent;
    expect(line).toContain('YouTube');
    expect(line).toContain('Mine');
    expect(line).toContain('was @orbital_news until Nov 10, 2026');
  });

  test('of an unavailable account has a notice', () => {
    page({
      account: makeAccount({
        unavailable: 'suspended',
        unavailableSince: new Date('2026-11-20T07:15:00Z'),
        lastSyncedAt: new Date('2026-11-19T07:15:00Z'),
        nextRefreshAt: daysAgo(-6),
      }),
    });
    const notice = screen.getByRole('note').textContent;
    expect(notice).toContain('Suspended since Nov 20, 2026');
    expect(notice).toContain('These are the last known values, of Nov 19, 2026. It is looked for again in 6 days.');
  });

  test('has no notice otherwise, and leads to list and comparison', async () => {
    const { onBack, onCompare } = page();
    expect(screen.queryByRole('note')).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Compare' }));
    expect(onCompare).toHaveBeenCalledOnce();
    await userEvent.click(screen.getByRole('button', { name: 'All accounts' }));
    expect(onBack).toHaveBeenCalledOnce();
  });
});

describe('the figures', () => {
  const figure = (name: string) => screen.getByText(name, { selector: '.acc-label' }).parentElement?.textContent;

  test('have growth from the document and from the history', () => {
    page();
    expect(figure('Followers')).toContain('+182 followers in 1 day');
    expect(figure('Followers')).toContain('+5,310 followers in 30 days');
    expect(figure('Views')).toContain('+402,000 views in 7 days');
    expect(figure('Posts')).toContain('+10 posts in 30 days');
    expect(figure('Engagement rate')).toContain('4.5%');
    expect(figure('Posts a week')).toContain('2.1');
  });

  test('that are hidden are unknown, never 0', () => {
    page({
      account: makeAccount({ followerCount: null, totalViews: null, growth: null }),
      access: makeAccess({
        history: (_, days) => makeHistory(days, { hides: ['posts'] }),
        videos: () => [makeVideo({ publishedAt: daysAgo(1), viewCount: 100 })],
      }),
    });
    expect(figure('Followers')).toContain('followers not known');
    expect(figure('Followers')).toContain('followers in 7 days: not known');
    expect(figure('Posts')).toContain('posts in 7 days: not known');
    expect(figure('Engagement rate')).toContain('engagement rate not known');
    expect(figure('Engagement rate')).toContain('0 of 1 post');
    for (const name of ['Followers', 'Views']) {
      expect(figure(name)).not.toMatch(/\b0\b/);
    }
  });
});

describe('the charts', () => {
  const charts = () =>
    region(/^Growth/)
      .queryAllByRole('figure')
      .map((chart) => chart.getAttribute('aria-labelledby'));
  const text = () => screen.getByRole('region', { name: /^Growth/ }).textContent ?? '';

  test('show a line and bars of followers and views', () => {
    page();
    expect(charts()).toHaveLength(4);
    expect(text()).toMatch(
      /\+\d[\d.]*K followers \(\+\d.*%\) in 30 days, \d+% (more|less) than in the 30 days before\./,
    );
  });

  test('ask for twice the range and say which one is chosen', async () => {
    const watch = vi.fn<AccountAccess['watchHistory']>(() => () => {});
    const { onDays, again, container } = page({ access: { ...full(), watchHistory: watch } });
    expect(watch.mock.calls.at(-1)?.[1]).toEqual({ ...SCOPE, accountId: 'youtube_UC1', days: 68 });
    expect(container.querySelectorAll('.acc-charts .shape')).toHaveLength(2);
    await userEvent.click(screen.getByRole('radio', { name: '1 year' }));
    expect(onDays).toHaveBeenCalledWith(365);
    again({ days: 365 });
    expect(watch.mock.calls.at(-1)?.[1].days).toBe(738);
    expect(screen.getByRole('radio', { name: '1 year' })).toHaveProperty('checked', true);
  });

  test('of the range before stay until the next ones come', () => {
    const waiting: Parameters<AccountAccess['watchHistory']>[2][] = [];
    const stopped = vi.fn();
    const access: AccountAccess = {
      ...full(),
      watchHistory: (_source, _scope, onHistory) => {
        waiting.push(onHistory);
        return stopped;
      },
    };
    const { again } = page({ access });
    act(() => waiting[0]?.({ points: makeHistory(68), connection: 'live' }));
    expect(text()).toContain('in 30 days,');
    again({ days: 90 });
    expect(stopped).toHaveBeenCalledOnce();
    expect(text()).toContain('in 30 days,');
    expect(screen.getByRole('region', { name: 'Growth' }).getAttribute('aria-busy')).toBe('true');
    act(() => waiting[1]?.({ points: makeHistory(188), connection: 'live' }));
    expect(text()).toContain('in 90 days,');
    expect(screen.getByRole('region', { name: 'Growth' }).getAttribute('aria-busy')).toBe('false');
  });

  test('have as many bars as the range has days', async () => {
    page({ days: 7 });
    const bars = within(screen.getByRole('figure', { name: 'New followers a day' }));
    await userEvent.click(bars.getByRole('button', { name: 'Show as table' }));
    expect(bars.getAllByRole('row')).toHaveLength(1 + 7);
  });

  test('tell a spike of the range in words', () => {
    const day = daysAgo(12).toISOString().slice(0, 10);
    const spikes = { followers: { day, change: 3_910, usual: 171 }, views: null };
    const { again } = page({ account: makeAccount({ spikes }) });
    expect(text()).toContain('+3.9K followers in a day, usually +171.');
    again({ account: makeAccount({ spikes }), days: 7 });
    expect(text()).not.toContain('usually');
  });

  test('say once from when on the history is not made up', () => {
    const dateAdded = new Date(daysAgo(5).setUTCHours(8));
    page({ account: makeAccount({ dateAdded }) });
    expect(text().match(/the history is made up for this demo/g)).toHaveLength(1);
    cleanup();
    page({ account: makeAccount({ dateAdded: daysAgo(500) }) });
    expect(text()).not.toContain('made up');
  });

  test('draw rounded counts as steps', () => {
    page({
      access: makeAccess({
        history: (_, days) => makeHistory(days, { followers: 2e6, step: 10_000 }),
        videos: () => [],
      }),
    });
    expect(text()).toContain('The platform rounds this count');
    expect(document.querySelector('.acc-metric .tracking-chart__line')?.getAttribute('d')).toMatch(/^M[\d. ]+H/);
  });

  test('take the videos’ views where there is no total', () => {
    const hides: (keyof HistoryPoint)[] = ['views'];
    page({ access: makeAccess({ history: (_, days) => makeHistory(days, { hides }), videos: () => [] }) });
    expect(text()).toContain('Views of the tracked videos');
  });

  test('that have nothing to show say why', () => {
    const none = (known: number, isStale = false) => {
      cleanup();
      page({
        days: 7,
        access: makeAccess({
          isStale,
          history: () =>
            makeHistory(68).map((point, index) => (index < known ? point : { ...emptyPoint, day: point.day })),
          videos: () => [],
        }),
      });
      return text();
    };
    expect(none(0)).toContain('No history yet.');
    expect(none(20)).toContain('The account was not fetched in the last 7 days.');
    expect(none(0, true)).toContain('There is no connection.');
    cleanup();
    page({
      access: makeAccess({
        history: (_, days) => makeHistory(days, { hides: ['followers', 'views', 'videoViews'] }),
        videos: () => [],
      }),
    });
    expect(text()).toContain('The platform hides how many followers this account has.');
    expect(text()).toContain('The platform tells no views of this account.');
    expect(charts()).toEqual([]);
  });

  test('are saved as CSV, gaps left out', async () => {
    page();
    await userEvent.click(region('Growth').getByRole('button', { name: 'Export CSV' }));
    expect(saved.map(({ name }) => name)).toEqual(['orbital-youtube-history-30-days.csv']);
    const lines = (await (saved[0]?.text ?? '')).trim().split('\r\n');
    expect(lines).toHaveLength(1 + 31 - 5);
    expect(lines[0]).toContain('day,fetched,followers');
  });
});

const emptyPoint = {
  at: null,
  followers: null,
  following: null,
  posts: null,
  views: null,
  newVideos: null,
  videoViews: null,
};

describe('the posts', () => {
  const choose = (name: string) => userEvent.click(screen.getByRole('radio', { name }));

  test('are the newest first, with marks for new ones and outliers', () => {
    page();
    expect(posts()).toHaveLength(15);
    const [first, , third] = screen.getAllByRole('article').map(({ textContent }) => textContent);
    expect(first).toContain('New');
    expect(third).toContain('2.4 times the views that this account’s posts usually have');
    expect(screen.getAllByText('New')).toHaveLength(3);
  });

  test('can be those that gained most, and outliers', async () => {
    page();
    await choose('Top of 7 days');
    const gains = [...document.querySelectorAll('.acc-video > .acc-counts li:nth-child(2) .unseen')].map(
      ({ textContent }) => Number(textContent?.replace(/[^\d-]|7 days/g, '')),
    );
    expect(gains).toEqual(gains.toSorted((a, b) => b - a));
    await choose('Outliers');
    expect(screen.getAllByRole('article').map((post) => within(post).getByText(/^\d.*x$/).textContent)).toEqual([
      '12x',
      '12x',
      '12x',
      '5.6x',
      '5.6x',
      '5.6x',
      '2.4x',
      '2.4x',
      '2.4x',
      '2.4x',
    ]);
  });

  test('of another order are not shown under its name', async () => {
    const base = full();
    const access: AccountAccess = {
      ...base,
      watchVideos: (source, scope, ...rest) =>
        scope.order === 'multiplier' ? () => {} : base.watchVideos(source, scope, ...rest),
    };
    page({ access });
    await choose('Top of 7 days');
    expect(posts().length).toBeGreaterThan(0);
    await choose('Outliers');
    expect(posts()).toEqual([]);
    expect(region('Posts').getByText('Loading…')).toBeTruthy();
  });

  test('that vanished are found however old they are', async () => {
    page({
      access: makeAccess({
        history: () => [],
        videos: () =>
          makeVideos(260).map((video, index) => (index === 250 ? { ...video, unavailableSince: daysAgo(2) } : video)),
      }),
    });
    await choose('Vanished');
    expect(screen.getAllByText(/^Vanished [A-Z]/)).toHaveLength(3);
    expect(screen.queryByRole('button', { name: 'Show more posts' })).toBeNull();
  });

  test('with most views are those of the loaded ones', async () => {
    page({ access: makeAccess({ history: () => [], videos: () => makeVideos(210) }) });
    await choose('Most views');
    expect(screen.getByText('Only the 200 newest posts are compared.')).toBeTruthy();
    const more = () => screen.queryByRole('button', { name: /^(Show more|Look through older) posts$/ });
    for (let presses = 0; more() && presses < 20; presses += 1) {
      await userEvent.click(more() as HTMLElement);
    }
    expect(posts()).toHaveLength(210);
    expect(screen.queryByText(/are compared/)).toBeNull();
  });

  test('come by fifteen, and older ones are loaded', async () => {
    page({ access: makeAccess({ history: () => [], videos: () => makeVideos(33) }) });
    await userEvent.click(screen.getByRole('button', { name: 'Show more posts' }));
    expect(posts()).toHaveLength(30);
    await userEvent.click(screen.getByRole('button', { name: 'Show more posts' }));
    expect(posts()).toHaveLength(33);
    expect(screen.queryByRole('button', { name: 'Show more posts' })).toBeNull();
  });

  test.each([
    ['no posts', { videoCount: 0 }, 'This account has no posts.'],
    ['none yet', { videoCount: null }, 'No posts yet.'],
    ['a private account', { isPrivate: true }, 'This account is private'],
  ])('say why there are none: %s', (_, fields, text) => {
    page({ account: makeAccount(fields), access: makeAccess({ history: () => [], videos: () => [] }) });
    expect(screen.getByText(text, { exact: false })).toBeTruthy();
  });

  test('and the history that fail say so', () => {
    page({ access: makeAccess({ error: new TrackingJobError('not-allowed') }) });
    const alerts = screen.getAllByRole('alert').flatMap(({ textContent }) => textContent || []);
    expect(alerts).toEqual([
      expect.stringMatching(/^The history could not be loaded\. You are not allowed/),
      expect.stringMatching(/^The posts could not be loaded\. You are not allowed/),
    ]);
  });

  test('without a caption are named by their kind', () => {
    const video = makeVideo({ mediaType: 'image', viewCount: null });
    page({ access: makeAccess({ history: () => [], videos: () => [video] }) });
    expect(titles()).toEqual(['Image without a caption']);
    expect(screen.getByRole('article').textContent).toContain('views not known');
  });

  test('open their history, which is read once for all', async () => {
    const access = full();
    const read = vi.spyOn(access, 'getVideoHistory');
    page({ access });
    const [first, second] = screen.getAllByRole('button', { name: /^History of/ });
    await userEvent.click(first as HTMLElement);
    expect(first?.getAttribute('aria-expanded')).toBe('true');
    expect(await screen.findByRole('slider', { name: 'Views in the last 90 days' })).toBeTruthy();
    await userEvent.click(second as HTMLElement);
    await waitFor(() => expect(screen.getAllByRole('slider', { name: 'Views in the last 90 days' })).toHaveLength(2));
    expect(read).toHaveBeenCalledOnce();
    expect(read.mock.calls[0]?.[1].videoIds).toHaveLength(15);
    await userEvent.click(first as HTMLElement);
    expect(screen.getAllByRole('slider', { name: 'Views in the last 90 days' })).toHaveLength(1);
  });

  test('whose history fails can be tried again', async () => {
    const access = full();
    const read = vi.spyOn(access, 'getVideoHistory').mockRejectedValueOnce(new TrackingJobError('unavailable'));
    page({ access });
    await userEvent.click(screen.getAllByRole('button', { name: /^History of/ })[0] as HTMLElement);
    expect((await screen.findByText(/^The history could not be loaded/)).textContent).toContain(
      'Try again in a moment.',
    );
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('slider', { name: 'Views in the last 90 days' })).toBeTruthy();
    expect(read).toHaveBeenCalledTimes(2);
  });

  test('without points say so', async () => {
    const access = { ...full(), getVideoHistory: async () => new Map() };
    page({ access });
    await userEvent.click(screen.getAllByRole('button', { name: /^History of/ })[0] as HTMLElement);
    expect(await screen.findByText(/^No views by day are known/)).toBeTruthy();
  });
});

describe('refreshes', () => {
  test('can be asked for', async () => {
    const access = full();
    const ask = vi.spyOn(access, 'refreshNow');
    page({ access });
    await userEvent.click(screen.getByRole('button', { name: 'Refresh now' }));
    expect(ask).toHaveBeenCalledWith(SOURCE, { ...SCOPE, accountId: 'youtube_UC1' });
  });

  test('that are refused say why', async () => {
    page({ access: { ...full(), refreshNow: refuse('too-early') } });
    await userEvent.click(screen.getByRole('button', { name: 'Refresh now' }));
    expect(await screen.findByText(/was refreshed a short time ago/)).toBeTruthy();
  });

  test.each([
    ['within the hour', { lastSyncedAt: new Date() }, /^Refreshed within the last hour\. Again from/],
    ['while they are off', { refreshCadence: 'off', nextRefreshAt: null }, /are off\.$/],
  ] as const)('are not asked for %s', async (_, fields, why) => {
    const access = full();
    const ask = vi.spyOn(access, 'refreshNow');
    page({ access, account: makeAccount(fields) });
    await userEvent.click(screen.getByRole('button', { name: 'Refresh now' }));
    expect(ask).not.toHaveBeenCalled();
    expect(screen.getByRole('status').textContent).toMatch(why);
  });

  test('come as often as somebody chooses', async () => {
    const access = full();
    const choose = vi.spyOn(access, 'setRefresh');
    const { again } = page({ access, account: makeAccount({ refreshCadence: null, nextRefreshAt: null }) });
    const select = screen.getByLabelText<HTMLSelectElement>('How often');
    expect(select.selectedOptions[0]?.textContent).toBe('Default');
    await userEvent.selectOptions(select, 'Weekly');
    expect(choose).toHaveBeenCalledWith(SOURCE, { ...SCOPE, accountId: 'youtube_UC1' }, 'weekly');
    again({ account: makeAccount({ refreshCadence: 'weekly' }) });
    expect(select.value).toBe('weekly');
    expect([...select.options].map(({ value }) => value)).toEqual(['off', '6h', 'daily', 'weekly', 'auto']);
  });

  test('stay as they were when the choice fails', async () => {
    page({ access: { ...full(), setRefresh: refuse('unavailable') } });
    const select = screen.getByLabelText<HTMLSelectElement>('How often');
    await userEvent.selectOptions(select, 'off');
    expect(await region('Refreshes').findByText(/cannot be reached right now/)).toBeTruthy();
    expect(select.value).toBe('daily');
  });

  test('that wait for a budget say until when', () => {
    page({ waitsUntil: daysAgo(-2) });
    expect(screen.getByText(/^Next refresh after .*budget/)).toBeTruthy();
  });

  test('that are asked for may wait for a budget, too', async () => {
    const access = full();
    const ask = vi.spyOn(access, 'refreshNow');
    page({ access, askedWaitsUntil: daysAgo(-1) });
    expect(screen.getByRole('status').textContent).toMatch(/^It begins after .*: today’s budget is used up\.$/);
    await userEvent.click(screen.getByRole('button', { name: 'Refresh now' }));
    expect(ask).toHaveBeenCalledOnce();
  });

  test('are not the job that tracks the account anew', async () => {
    const { onSync, again } = page();
    await userEvent.click(screen.getByRole('button', { name: 'Fetch all posts' }));
    expect(onSync).toHaveBeenCalledOnce();
    again({ isSyncing: true });
    await userEvent.click(screen.getByRole('button', { name: 'Fetching…' }));
    expect(onSync).toHaveBeenCalledOnce();
  });
});

describe('the end of tracking', () => {
  const open = () => userEvent.click(screen.getByRole('button', { name: 'Stop tracking…' }));

  test('is asked for with what is deleted and what is kept', async () => {
    const { onRemove, onBack } = page();
    expect(screen.queryByRole('dialog')).toBeNull();
    await open();
    const dialog = screen.getByRole('dialog', { name: /^Stop tracking @orbital/ });
    expect(dialog.textContent).toContain('the account at once, and within a day its 120 posts and all of its history');
    expect(dialog.textContent).toContain('the jobs that tracked it, until they expire');
    await userEvent.click(screen.getByRole('button', { name: 'Keep it' }));
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(onRemove).not.toHaveBeenCalled();
    await open();
    await userEvent.click(screen.getByRole('button', { name: 'Stop tracking' }));
    expect(onRemove).toHaveBeenCalledOnce();
    await waitFor(() => expect(onBack).toHaveBeenCalledOnce());
  });

  test('that fails keeps the page and says why', async () => {
    const { onBack } = page({ onRemove: refuse('unavailable') });
    await open();
    await userEvent.click(screen.getByRole('button', { name: 'Stop tracking' }));
    expect(await within(screen.getByRole('dialog')).findByText(/cannot be reached right now/)).toBeTruthy();
    expect(onBack).not.toHaveBeenCalled();
  });

  test('while a job runs says that it would come back', async () => {
    page({ isSyncing: true });
    await open();
    expect(screen.getByRole('dialog').textContent).toContain('A job of this account is under way');
  });

  test('is for owners and admins', () => {
    page({ canRemove: false });
    expect(screen.queryByRole('button', { name: /^Stop tracking/ })).toBeNull();
    expect(screen.getByText(/^Owners and admins/)).toBeTruthy();
  });
});

test('the page breaks no rule of axe', async () => {
  const { container } = page({ account: makeAccount({ unavailable: 'not_found', unavailableSince: daysAgo(3) }) });
  await userEvent.click(screen.getAllByRole('button', { name: /^History of/ })[0] as HTMLElement);
  const { violations } = await axe.run(container, { rules: { region: { enabled: false } } });
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
});
