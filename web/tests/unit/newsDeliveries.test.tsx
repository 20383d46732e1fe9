/** The log of deliveries: attempts, filters, tests and replays. */

import { act, screen, within } from '@testing-library/react';
import axe from 'axe-core';
import { describe, expect, test, vi } from 'vitest';
import { germanNewsLabels } from '../../src/deEntry';
import { TrackingJobError } from '../../src/errors';
import type { WebhookEndpoint } from '../../src/news';
import { shortId, shortUrl } from '../../src/news/newsWords';
import { DeliveryLog, type DeliveryLogProps } from '../../src/newsPanelEntry';
import {
  FakeNews,
  makeAttempt,
  makeDelivery,
  makeEndpoint,
  makeFailed,
  makeHealth,
  OFFLINE,
  secondsAgo,
} from '../newsFakes';
import { alerts, announced, button, choose, mountNews, PAGE, press, settle, setupNewsTest, user } from './newsHarness';

setupNewsTest();

const DAY_S = 24 * 60 * 60;
const rows = () =>
  within(screen.getByRole('list'))
    .queryAllByRole('listitem')
    .map((row) => row.textContent);
const shown = () =>
  screen
    .queryAllByRole('button', { expanded: false })
    .slice(1)
    .map((row) => row.textContent);

function mount(news: FakeNews, props: Partial<DeliveryLogProps> = {}) {
  return mountNews(<DeliveryLog {...PAGE} access={news} endpointId="endpoint1" {...props} />);
}

function newsOf(deliveries: FakeNews['deliveries'], endpoint: Partial<WebhookEndpoint> = {}): FakeNews {
  return new FakeNews({ endpoints: [makeEndpoint(endpoint)], deliveries });
}

const skipped = () =>
  makeDelivery({ id: 'skipped', state: 'skipped', attempts: [], createdAt: secondsAgo(2 * DAY_S), attempt: 0 });
const waiting = () =>
  makeDelivery({
    id: 'waiting',
    type: 'tracking.account.spike',
    state: 'pending',
    attempt: 1,
    nextAttemptAt: secondsAgo(-300),
    attempts: [makeAttempt({ status: 503 })],
  });

describe('a delivery', () => {
  test('says its state, type, result and time in words', () => {
    mount(newsOf([waiting(), makeDelivery(), makeFailed({ trigger: 'replay' }), skipped()]));
    expect(shown()).toEqual([
      'WaitingUnusual growthwaitingNext attempt at 12:05 PM11:58:55 AM',
      'DeliveredTracking completedhVbT5s0…1-3f0c9aanswered 20011:58:55 AM',
      'FailedVideos publishedReplayfailed1no answer in time11:00:30 AM',
      'SkippedTracking completedskippedNov 28, 12:00:30 PM',
    ]);
  });

  test('has its attempts behind a click', async () => {
    mount(newsOf([makeFailed()]), { projects: [{ id: 'project1', name: 'Space' }] });
    const row = button(/^Failed/);
    await user.click(row);
    expect(row.getAttribute('aria-expanded')).toBe('true');
    const attempts = within(screen.getByRole('list', { name: 'Attempts' })).getAllByRole('listitem');
    expect(attempts.map(({ textContent }) => textContent)).toEqual([
      '11:00:31 AManswered 503211 ms',
      '11:00:37 AMno answer in time15 s',
    ]);
    expect(screen.getAllByText('failed1')).toHaveLength(2); // short in the row, whole in the details
    expect(screen.getByText('tracking.video.published')).toBeDefined();
    expect(screen.getByText('Space')).toBeDefined();
  });

  test('of an unknown type or error shows itself', async () => {
    const attempts = [makeAttempt({ status: null, error: 'gremlins' as 'dns' })];
    mount(newsOf([makeFailed({ type: 'tracking.account.upgraded', attempts })]));
    expect(shown()[0]).toBe('Failedtracking.account.upgradedfailed1gremlins11:00:30 AM');
  });

  test('that was skipped says why it was not sent', async () => {
    mount(newsOf([skipped()]));
    await press(/^Skipped/);
    expect(screen.getByText('Not sent: the endpoint was off.')).toBeDefined();
  });

  test('that is due is sent now', () => {
    mount(newsOf([{ ...waiting(), nextAttemptAt: secondsAgo(1) }]));
    expect(shown()[0]).toContain('Next attempt now');
  });

  test('is told in German', () => {
    mount(newsOf([waiting(), makeFailed()]), { labels: germanNewsLabels });
    expect(shown()).toEqual([
      'WartetUngewöhnliches WachstumwaitingNächster Versuch: 12:0511:58:55',
      'GescheitertNeue Videosfailed1keine Antwort in der Zeit11:00:30',
    ]);
  });
});

test.each([
  ['hVbT5s0mXkq1AbCdEfGh-1-5f0c8a3e-completed', 'tracking.job.completed', 'hVbT5s0…5f0c8a3e'],
  ['hVbT5s0mXkq1AbCdEfGh-2-77aa01bc-completed', 'tracking.account.spike', 'hVbT5s0…ompleted'],
  ['4cXuB2hVbT5s0mXkq1Ab', 'webhook.test', '4cXuB2h…0mXkq1Ab'],
  ['short-1-completed', 'tracking.job.completed', 'short-1'],
  ['-completed', '', '-completed'],
])('the id %s of %s is shown as %s', (id, type, short) => {
  expect(shortId(id, type)).toBe(short);
});

test.each([
  ['https://example.com/', 'example.com'],
  ['https://example.com', 'example.com'],
  ['https://example.com/hooks/', 'example.com/hooks/'],
  ['https://example.com/in?next=https://b.example.com/', 'example.com/in?next=https://b.example.com/'],
])('the address %s is shown as %s', (url, short) => {
  expect(shortUrl(url)).toBe(short);
});

describe('the log', () => {
  test('shows one state', async () => {
    mount(newsOf([waiting(), makeDelivery(), makeFailed(), skipped()]));
    await choose('Failed');
    expect(rows()).toHaveLength(1);
    await choose('Skipped');
    expect(rows()[0]).toMatch(/^Skipped/);
    await choose('All');
    expect(rows()).toHaveLength(4);
  });

  test('says that no delivery has the state', async () => {
    mount(newsOf([makeDelivery()]));
    await choose('Failed');
    expect(screen.getByText('No delivery has this state.')).toBeDefined();
  });

  test('shows nothing of another state while it loads', async () => {
    const news = newsOf([makeDelivery(), makeFailed()]);
    mount(news);
    news.deliveries = undefined; // the next listener gets nothing
    await choose('Failed');
    expect(rows()).toEqual([expect.stringMatching(/^Failed/)]);
    await choose('Skipped');
    expect(screen.queryByRole('list')).toBeNull();
    expect(screen.getByRole('region', { name: 'Deliveries' }).getAttribute('aria-busy')).toBe('true');
    expect(screen.queryByText('No delivery has this state.')).toBeNull();
  });

  test('shows more at a click', async () => {
    const many = Array.from({ length: 70 }, (_, number) => makeDelivery({ id: String(number) }));
    mount(newsOf(many));
    expect(rows()).toHaveLength(50);
    await press('Show more');
    expect(rows()).toHaveLength(70);
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull();
  });

  test('says when it is empty, loading, refused or stale', async () => {
    const news = newsOf([]);
    mount(news);
    expect(screen.getByText(/^No deliveries yet/)).toBeDefined();
    news.connection = 'reconnecting';
    news.deliveries = [makeDelivery()];
    act(() => news.emit());
    expect(screen.getByText(/last known state/)).toBeDefined();
  });

  test('of an endpoint that is gone says so', () => {
    mount(new FakeNews({ endpoints: [] }));
    expect(screen.getByText('This endpoint does not exist any more.')).toBeDefined();
  });

  test('closes its listeners', () => {
    const news = newsOf([makeDelivery()]);
    const { unmount } = mount(news);
    expect(news.listeners).toBe(2);
    unmount();
    expect(news.listeners).toBe(0);
  });
});

describe('a test', () => {
  test('is shown live, and its end is said', async () => {
    const news = newsOf([makeDelivery(), makeFailed()]);
    mount(news);
    await choose('Failed'); // which would hide it
    await press('Send test');
    await settle();
    expect(announced()).toBe('The test is on its way.');
    expect(button(/^Waiting Test Next attempt now/).getAttribute('aria-expanded')).toBe('true');
    expect(screen.getByText('Not sent yet.')).toBeDefined();
    act(() => news.changeDelivery('test1', { state: 'delivered', nextAttemptAt: null, attempts: [makeAttempt()] }));
    expect(announced()).toBe('Test: Delivered, answered 200.');
    expect(screen.getByRole('list', { name: 'Attempts' }).textContent).toContain('answered 200132 ms');
    expect(document.activeElement).toBe(button('Send test'));
  });

  test('that cannot be sent says why', async () => {
    const news = newsOf([]);
    news.failing.set('sendTest', OFFLINE);
    mount(news);
    await press('Send test');
    await settle();
    expect(alerts()[0]).toMatch(/^Could not send a test\. You are offline/);
  });

  test('is sent once at a double click', async () => {
    const news = newsOf([]);
    news.hanging.add('sendTest');
    mount(news);
    await user.dblClick(button('Send test'));
    expect(news.calls).toHaveLength(1);
    expect(button('Sending…').getAttribute('aria-disabled')).toBe('true');
  });
});

describe('a replay', () => {
  test('of one delivery is followed to its end', async () => {
    const news = newsOf([makeFailed()]);
    mount(news);
    await press(/^Failed/);
    await press('Replay Videos published, 11:00:30 AM');
    await settle();
    expect(news.calls).toEqual([['replayDelivery', 'endpoint1', 'failed1']]);
    expect(announced()).toBe('It is sent again.');
    expect(screen.queryByRole('button', { name: /^Replay Videos/ })).toBeNull(); // it waits
    act(() => news.changeDelivery('failed1', { state: 'delivered', nextAttemptAt: null, attempts: [makeAttempt()] }));
    expect(announced()).toBe('Videos published: Delivered, answered 200.');
  });

  test('that is refused says why, in the language of the page', async () => {
    const news = newsOf([makeFailed()]);
    news.failing.set('replayDelivery', new TrackingJobError('illegal-change', { status: 'pending' }));
    mount(news, { labels: germanNewsLabels });
    await press(/^Gescheitert Neue/);
    await press(/^Wiederholen/);
    await settle();
    expect(alerts()).toEqual(['Wiederholen war nicht möglich. Diese Zustellung ist noch nicht vorbei.']);
  });

  test('is not possible while the endpoint is off', async () => {
    const news = newsOf([makeFailed()], { enabled: false });
    mount(news);
    await press(/^Failed/);
    for (const name of [/^Replay Videos/, 'Replay failed…']) {
      const replay = button(name);
      expect(replay.getAttribute('aria-disabled')).toBe('true');
      const reason = document.getElementById(replay.getAttribute('aria-describedby') ?? '');
      expect(reason?.textContent).toBe('Switch the endpoint on to replay deliveries.');
      await user.click(replay);
    }
    expect(news.calls).toEqual([]);
    expect(screen.queryByRole('combobox')).toBeNull();
  });

  test('of many says how many, and asks', async () => {
    const old = makeFailed({ id: 'old', createdAt: secondsAgo(8 * DAY_S) });
    const news = newsOf([makeDelivery(), makeFailed(), skipped(), old]);
    mount(news);
    await press('Replay failed…');
    const range = screen.getByRole('combobox');
    expect(document.activeElement).toBe(range);
    expect(screen.getByText('2 deliveries failed or skipped.')).toBeDefined(); // of 7 days
    await user.selectOptions(range, 'the last 24 hours');
    expect(screen.getByText('1 delivery failed or skipped.')).toBeDefined();
    await user.selectOptions(range, 'the last 30 days');
    await press('Replay 3 deliveries');
    await settle();
    const [, , { since }] = news.calls[0] as [string, string, { since: Date }];
    expect(Math.abs(since.getTime() - secondsAgo(30 * DAY_S).getTime())).toBeLessThan(10_000);
    expect(announced()).toBe('3 deliveries are sent again.');
    expect(screen.queryByRole('combobox')).toBeNull();
    expect(document.activeElement).toBe(button('Replay failed…'));
  });

  test('of many begins with the time of the trouble', async () => {
    const health = makeHealth({ failingSince: secondsAgo(3_700), lastStatus: 503 });
    const news = newsOf([makeFailed(), skipped()], { health });
    mount(news);
    await press('Replay failed…');
    expect(screen.getByRole<HTMLSelectElement>('combobox').value).toBe('trouble');
    await press('Replay 1 delivery');
    await settle();
    expect(news.calls).toEqual([['replayDeliveries', 'endpoint1', { since: health.failingSince }]]);
  });

  test('of nothing cannot be asked for', async () => {
    const news = newsOf([makeDelivery()]);
    mount(news);
    await press('Replay failed…');
    expect(screen.getByText('Nothing failed or was skipped in this time.')).toBeDefined();
    expect(button('Replay').getAttribute('aria-disabled')).toBe('true');
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('combobox')).toBeNull();
  });

  test('is not offered for a test, nor counted', async () => {
    const test = makeFailed({ id: 'test', type: 'webhook.test', trigger: 'test', projectId: null });
    mount(newsOf([test, makeFailed()]));
    await press(/^Failed Test/);
    expect(screen.getByRole('list', { name: 'Attempts' })).toBeDefined();
    expect(screen.queryByRole('button', { name: /^Replay Test/ })).toBeNull();
    await press('Replay failed…');
    expect(screen.getByText('1 delivery failed or skipped.')).toBeDefined();
  });

  test('of more than can be counted leaves out tests', async () => {
    const many = Array.from({ length: 501 }, (_, number) =>
      makeFailed({ id: String(number), ...(number === 0 && { type: 'webhook.test' }) }),
    );
    mount(newsOf(many));
    await press('Replay failed…');
    expect(button('Replay 499 or more deliveries')).toBeDefined();
  });

  test('of more than can be counted says so', async () => {
    const many = Array.from({ length: 501 }, (_, number) => makeFailed({ id: String(number) }));
    mount(newsOf(many));
    await press('Replay failed…');
    expect(button('Replay 500 or more deliveries')).toBeDefined();
  });

  test('of many that fails says why', async () => {
    const news = newsOf([makeFailed()]);
    news.failing.set('replayDeliveries', OFFLINE);
    mount(news);
    await press('Replay failed…');
    await press('Replay 1 delivery');
    await settle();
    expect(alerts()[0]).toMatch(/^Could not replay\. You are offline/);
  });
});

test('the log is accessible, opened and closed', async () => {
  mount(newsOf([waiting(), makeDelivery(), makeFailed(), skipped()]));
  await press(/^Failed/);
  await press('Replay failed…');
  vi.useRealTimers();
  expect((await axe.run(document.body, { rules: { region: { enabled: false } } })).violations).toEqual([]);
}, 30_000);
