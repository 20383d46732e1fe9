import { act, cleanup, render, screen, within } from '@testing-library/react';
import axe from 'axe-core';
import { describe, expect, test, vi } from 'vitest';
import { TrackingJobError } from '../../src/errors';
import { LEAVE_MS, LINGER_MS } from '../../src/panel/JobRow';
import { storageKey } from '../../src/panel/panelStorage';
import { TrackingJobsPanel } from '../../src/panel/TrackingJobsPanel';
import {
  ago,
  announced,
  bar,
  button,
  cancelled,
  clear,
  completed,
  cross,
  failed,
  mount,
  panel,
  pass,
  rows,
  running,
  setupPanelTest,
  show,
  source,
  summary,
  toggle,
  user,
} from './panelHarness';
import { makeJob } from './panelJobs';
import { FakeSource } from './panelSource';

setupPanelTest();

describe('what is shown', () => {
  test('nothing before the first snapshot, or without jobs', () => {
    mount();
    expect(panel()).toBeNull();
    show();
    expect(panel()).toBeNull();
  });

  test('nothing of jobs that ended before the panel was mounted', () => {
    mount();
    show(completed({ id: 'a' }), cancelled({ id: 'b' }));
    expect(panel()).toBeNull();
  });

  test('a running job in one line', () => {
    mount();
    show(running());
    expect(rows().map((row) => row.textContent)).toEqual([
      '@nasa, Instagram, Running: Fetching videos, 10s50%Cancel tracking @nasa on Instagram',
    ]);
    expect(bar().getAttribute('aria-valuenow')).toBe('50');
    expect(bar().getAttribute('aria-valuemin')).toBe('0');
    expect(bar().getAttribute('aria-valuemax')).toBe('100');
    expect(bar().getAttribute('aria-valuetext')).toBe('Fetching videos, 50%');
  });

  test('a waiting job has no percentage, and its bar no value', () => {
    mount();
    show(makeJob({ createdAt: ago(12) }));
    expect(rows()[0]?.textContent).toBe('@nasa, Instagram, Waiting, 12sCancel tracking @nasa on Instagram');
    expect(bar().hasAttribute('aria-valuenow')).toBe(false);
    expect(bar().getAttribute('aria-valuetext')).toBe('Waiting');
  });

  test('a job that came back into the queue waits since then', () => {
    mount();
    show(makeJob({ createdAt: ago(7200), updatedAt: ago(3) }));
    expect(rows()[0]?.textContent).toContain('Waiting, 3s');
  });

  test('elapsed time goes on each second and leaves no timer', () => {
    const { unmount } = mount();
    show(running({ startedAt: ago(58) }));
    expect(rows()[0]?.textContent).toContain('58s');
    pass(3_000);
    expect(rows()[0]?.textContent).toContain('1m 1s');
    unmount();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('an older failed job with its reason and Retry', () => {
    mount();
    show(failed({ errorCode: 'TimedOut' }));
    expect(rows()[0]?.textContent).toBe('@nasa, Instagram, Failed: Took too long, Retry tracking @nasa on Instagram');
    expect(bar().getAttribute('aria-valuetext')).toBe('Failed at 30%');
  });

  test('a job that ended before our eyes', () => {
    mount();
    show(running({ id: 'a' }), running({ id: 'b', username: 'esa' }));
    show(completed({ id: 'a' }), cancelled({ id: 'b', username: 'esa' }));
    expect(rows()).toHaveLength(2);
    expect(rows()[0]?.textContent).toContain('Cancelled');
    expect(rows()[1]?.textContent).toContain('Completed, 48s');
    expect(bar().getAttribute('aria-valuenow')).toBe('100');
  });

  /** By status: failed, running, waiting, cancelled, completed. By time: oldest active first, newest ended first. */
  test('rows are ordered by status, then by time', () => {
    mount();
    const jobs = [
      running({ id: 'done', username: 'done' }),
      running({ id: 'stopped', username: 'stopped' }),
      failed({ id: 'a', username: 'old', completedAt: ago(900) }),
      failed({ id: 'b', username: 'new', completedAt: ago(9) }),
      makeJob({ id: 'later', username: 'later', createdAt: ago(5) }),
      makeJob({ id: 'first', username: 'first', createdAt: ago(50) }),
      running({ id: 'runs', username: 'runs' }),
    ];
    show(...jobs);
    show(
      completed({ id: 'done', username: 'done' }),
      cancelled({ id: 'stopped', username: 'stopped' }),
      ...jobs.slice(2),
    );
    expect(rows().map((row) => /@\w+/.exec(row.textContent ?? '')?.[0])).toEqual([
      '@new',
      '@old',
      '@runs',
      '@first',
      '@later',
      '@stopped',
      '@done',
    ]);
    expect(toggle().textContent).toBe('Account tracking2 failed, 1 running, 2 waiting, 1 cancelled, 1 completed');
    expect(toggle().querySelector('.tracking-panel__count--failed')?.textContent).toBe('2 failed');
  });

  test('a link as username is shown short, and in full as tooltip', () => {
    mount();
    show(running({ username: 'https://www.instagram.com/nasa/?hl=en' }));
    expect(screen.getByTitle('https://www.instagram.com/nasa/?hl=en').textContent).toMatch(/^instagram\.com\/nasa,/);
  });

  test('two hundred jobs are listed, within reach of the keyboard', { timeout: 30_000 }, () => {
    render(<TrackingJobsPanel service={source} orgId="org" projectId="project" />);
    show(...Array.from({ length: 200 }, (_, number) => running({ id: `${number}`, username: `account${number}` })));
    // Find by selector: queries by role take seconds with so many elements.
    const list = document.querySelector<HTMLElement>('ul[aria-label="Jobs"]');
    expect(list?.children).toHaveLength(200);
    expect(list?.querySelectorAll('button[aria-expanded]')).toHaveLength(200);
    expect(document.querySelector('header')?.textContent).toContain('200 running');
  });

  /** Jobs that have ended since the queue was empty count, too. */
  test('overall progress counts all jobs since the queue was empty', () => {
    mount();
    const overall = () => screen.queryByRole('progressbar', { name: 'All jobs' })?.getAttribute('aria-valuenow');
    show(running({ id: 'a', progress: 30 }), makeJob({ id: 'b' }));
    expect(overall()).toBe('15');
    show(cancelled({ id: 'a' }), running({ id: 'b', progress: 30 }));
    expect(overall()).toBe('65');
    show(cancelled({ id: 'a' }), completed({ id: 'b' }));
    expect(overall()).toBeUndefined();
    show(cancelled({ id: 'a' }), completed({ id: 'b' }), running({ id: 'c', progress: 30 }));
    expect(overall()).toBe('30');
  });

  /** The overall bar is shown while the list is collapsed. */
  test('one job has one bar: its own, or the overall one', async () => {
    mount();
    show(running({ progress: 30 }));
    const bars = () => screen.getAllByRole('progressbar').map((each) => each.getAttribute('aria-label'));
    expect(bars()).toEqual(['@nasa on Instagram']);
    await user.click(toggle());
    expect(bars()).toEqual(['All jobs']);
  });

  test('a bar grows in place, and begins anew in another attempt', () => {
    mount();
    const fill = () => bar().firstElementChild as HTMLElement;
    show(running({ progress: 50 }));
    const before = fill();
    show(running({ progress: 70 }));
    expect(fill()).toBe(before);
    expect(fill().style.getPropertyValue('--_value')).toBe('0.7');
    show(running({ progress: 0, attempt: 2 }));
    expect(fill()).not.toBe(before);
    expect(fill().style.getPropertyValue('--_value')).toBe('0');
  });
});

describe('cancel and retry', () => {
  /** A second click during that time sends no second request. */
  test('Cancel is busy until the listener shows the change', async () => {
    mount();
    show(running());
    await user.click(button('Cancel tracking @nasa on Instagram'));
    const busy = button('Cancelling… tracking @nasa on Instagram');
    expect(busy.getAttribute('aria-disabled')).toBe('true');
    await user.click(busy);
    expect(source.cancelJob.mock.calls).toEqual([['job']]);
    await act(async () => source.calls[0]?.resolve());
    expect(busy.textContent).toContain('Cancelling…');
    show(cancelled());
    expect(button('Retry tracking @nasa on Instagram').getAttribute('aria-disabled')).toBe('false');
  });

  test('Retry replaces Cancel in the same element, and focus stays', async () => {
    mount();
    show(running());
    await user.click(button('Cancel tracking @nasa on Instagram'));
    show(cancelled());
    expect(document.activeElement).toBe(button('Retry tracking @nasa on Instagram'));
  });

  test('Retry asks the source, and ends when the job waits again', async () => {
    mount();
    show(failed());
    await user.click(button('Retry tracking @nasa on Instagram'));
    expect(source.retryJob.mock.calls).toEqual([['job']]);
    expect(button('Retrying… tracking @nasa on Instagram')).toBeTruthy();
    await act(async () => source.calls[0]?.resolve());
    show(makeJob({ attempt: 1, updatedAt: ago(0) }));
    expect(button('Cancel tracking @nasa on Instagram').getAttribute('aria-disabled')).toBe('false');
  });

  test('a job that fails again at once can be retried again', async () => {
    mount();
    show(failed({ updatedAt: ago(20) }));
    await user.click(button('Retry tracking @nasa on Instagram'));
    await act(async () => source.calls[0]?.resolve());
    show(failed({ updatedAt: ago(0) }));
    expect(button('Retry tracking @nasa on Instagram').getAttribute('aria-disabled')).toBe('false');
  });

  test('a refusal is shown and announced, and can be retried', async () => {
    mount();
    show(running());
    await user.click(button('Cancel tracking @nasa on Instagram'));
    await act(async () => source.calls[0]?.reject(new TrackingJobError('offline')));
    const sentence = 'Could not cancel. You are offline. Try again once you are connected.';
    expect(within(rows()[0] as HTMLElement).getByText(sentence)).toBeTruthy();
    expect(announced()).toBe(`@nasa on Instagram: ${sentence}`);
    await user.click(button('Cancel tracking @nasa on Instagram'));
    expect(source.cancelJob).toHaveBeenCalledTimes(2);
    expect(within(rows()[0] as HTMLElement).queryByText(sentence)).toBeNull();
  });

  test('a refusal is forgotten when the job has moved on', async () => {
    mount();
    show(running());
    await user.click(button('Cancel tracking @nasa on Instagram'));
    await act(async () => source.calls[0]?.reject(new TrackingJobError('offline')));
    show(failed());
    expect(screen.queryByText(/Could not cancel/)).toBeNull();
    show(running({ attempt: 2 }));
    expect(screen.queryByText(/Could not cancel/)).toBeNull();
  });

  test('a refusal of an older request is not told', async () => {
    mount();
    show(running());
    await user.click(button('Cancel tracking @nasa on Instagram'));
    show(cancelled()); // in another tab
    const before = announced();
    await user.click(button('Retry tracking @nasa on Instagram'));
    await act(async () => source.calls[0]?.reject(new TrackingJobError('offline')));
    expect(button('Retrying… tracking @nasa on Instagram').getAttribute('aria-disabled')).toBe('true');
    expect(announced()).toBe(before);
  });

  test('a completed job can be neither cancelled nor retried', () => {
    mount();
    show(running());
    show(completed());
    expect(within(rows()[0] as HTMLElement).queryByRole('button', { name: /^(Cancel|Retry)/ })).toBeNull();
  });
});

describe('onJobCompleted', () => {
  test('is called once for a job that completes while watched', () => {
    const onJobCompleted = vi.fn();
    mount({ onJobCompleted });
    show(running());
    expect(onJobCompleted).not.toHaveBeenCalled();
    show(completed());
    show(completed());
    expect(onJobCompleted.mock.calls).toEqual([['instagram_1']]);
  });

  test('is not called for jobs that were over when first seen', () => {
    const onJobCompleted = vi.fn();
    mount({ onJobCompleted });
    show(completed({ id: 'a' }));
    show(completed({ id: 'a' }), completed({ id: 'b' }));
    expect(onJobCompleted).not.toHaveBeenCalled();
  });

  test('counts snapshots that arrive between two renders', () => {
    const onJobCompleted = vi.fn();
    mount({ onJobCompleted });
    act(() => {
      source.emit([running()]);
      source.emit([completed()]);
    });
    expect(onJobCompleted.mock.calls).toEqual([['instagram_1']]);
  });

  test('is called once for a retried job that completes', () => {
    const onJobCompleted = vi.fn();
    mount({ onJobCompleted });
    show(failed());
    show(makeJob({ attempt: 1 }));
    show(running({ attempt: 2 }));
    show(completed({ attempt: 2 }));
    expect(onJobCompleted).toHaveBeenCalledTimes(1);
  });

  /** The job completed while the listener was down. */
  test('is called once after a completion without a listener', async () => {
    const onJobCompleted = vi.fn();
    mount({ onJobCompleted });
    show(running());
    act(() => source.fail(new TrackingJobError('unavailable')));
    await user.click(button('Try again'));
    show(completed());
    show(running()); // a stale cache
    show(completed());
    expect(onJobCompleted).toHaveBeenCalledTimes(1);
  });

  test('is the latest one that was given, without a new listener', () => {
    const [first, second] = [vi.fn(), vi.fn()];
    const { change } = mount({ onJobCompleted: first });
    show(running());
    const listeners = source.history.length;
    change({ onJobCompleted: second });
    show(completed());
    expect(source.history).toHaveLength(listeners);
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledTimes(1);
  });

  test('is not called for a job without an account', () => {
    const onJobCompleted = vi.fn();
    mount({ onJobCompleted });
    show(running());
    show(completed({ accountId: null }));
    expect(onJobCompleted).not.toHaveBeenCalled();
  });
});

describe('the listener', () => {
  test('is one per panel, and released with it', () => {
    const { unmount } = mount();
    expect([...source.listeners].map(({ scope }) => scope)).toEqual(['org/project']);
    unmount();
    expect(source.listeners.size).toBe(0);
  });

  test('follows organisation and project, and forgets the last one', () => {
    const onJobCompleted = vi.fn();
    const { change } = mount({ onJobCompleted });
    show(running());
    change({ orgId: 'org', projectId: 'other', onJobCompleted });
    expect([...source.listeners].map(({ scope }) => scope)).toEqual(['org/other']);
    expect(panel()).toBeNull();
    show(completed());
    expect(onJobCompleted).not.toHaveBeenCalled();
    change({ orgId: 'elsewhere', projectId: 'other' });
    expect([...source.listeners].map(({ scope }) => scope)).toEqual(['elsewhere/other']);
  });

  test('follows the service, showing the last known jobs meanwhile', () => {
    const { change } = mount();
    show(running());
    const next = new FakeSource();
    change({ service: next });
    expect(source.listeners.size).toBe(0);
    expect(next.listeners.size).toBe(1);
    expect(rows()).toHaveLength(1);
    expect(within(panel() as HTMLElement).getByText('Reconnecting…')).toBeTruthy();
    act(() => next.emit([]));
    expect(panel()).toBeNull();
  });

  test('is not heard after its release', () => {
    const { change } = mount();
    const [late] = source.listeners;
    change({ service: new FakeSource() });
    act(() => late?.onJobs([running()], 'live'));
    act(() => late?.onError?.(new TrackingJobError('unavailable')));
    expect(panel()).toBeNull();
  });
});

describe('what leaves by itself', () => {
  const GONE_MS = (LINGER_MS.completed ?? 0) + LEAVE_MS;

  test('a completed job after a while, and the panel with the last', () => {
    mount();
    show(running());
    show(completed());
    pass(LINGER_MS.completed ?? 0);
    expect(rows()[0]?.className).toContain('--leaving');
    pass(LEAVE_MS);
    expect(panel()).toBeNull();
  });

  test('a cancelled job later, a failed one never', () => {
    mount();
    show(running({ id: 'a' }), running({ id: 'b' }));
    show(cancelled({ id: 'a' }), failed({ id: 'b' }));
    pass(GONE_MS);
    expect(rows()).toHaveLength(2);
    pass(3_600_000);
    expect(rows().map((row) => row.dataset.job)).toEqual(['b']);
    expect(rows()[0]?.className).not.toContain('--leaving');
  });

  test('nothing while the pointer is over the panel', async () => {
    mount();
    show(running());
    show(completed());
    await user.hover(toggle());
    pass(GONE_MS);
    expect(rows()).toHaveLength(1);
    await user.unhover(toggle());
    pass(GONE_MS);
    expect(panel()).toBeNull();
  });

  test('nothing while the tab is in the background', () => {
    const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    mount();
    show(running());
    show(completed());
    pass(GONE_MS);
    expect(rows()).toHaveLength(1);
    visibility.mockReturnValue('visible');
    act(() => void document.dispatchEvent(new Event('visibilitychange')));
    pass(GONE_MS);
    expect(panel()).toBeNull();
  });

  test('also while the panel is collapsed', async () => {
    mount();
    show(running());
    await user.click(toggle());
    await user.unhover(toggle());
    act(() => toggle().blur());
    show(completed());
    pass(GONE_MS);
    expect(panel()).toBeNull();
  });

  test('not a job that is retried on its way out', () => {
    mount();
    show(running());
    show(cancelled());
    pass((LINGER_MS.cancelled ?? 0) + LEAVE_MS / 2);
    show(makeJob({ attempt: 1 }));
    pass(60_000);
    expect(rows()).toHaveLength(1);
    expect(rows()[0]?.className).not.toContain('--leaving');
  });
});

describe('collapsing and clearing', () => {
  test('the header collapses the list and opens it again', async () => {
    mount();
    show(running());
    expect(toggle().getAttribute('aria-expanded')).toBe('true');
    await user.click(toggle());
    expect(toggle().getAttribute('aria-expanded')).toBe('false');
    expect(rows()).toHaveLength(0);
    expect(toggle().textContent).toContain('1 running');
    await user.click(toggle());
    expect(rows()).toHaveLength(1);
  });

  test('collapsed is remembered for the project, and for it alone', async () => {
    mount();
    show(running());
    await user.click(toggle());
    cleanup();
    const { change } = mount();
    show(running());
    expect(toggle().getAttribute('aria-expanded')).toBe('false');
    change({ projectId: 'other' });
    show(running());
    expect(toggle().getAttribute('aria-expanded')).toBe('true');
  });

  test('cleared failures stay away until a new one', async () => {
    mount();
    show(failed({ id: 'a' }));
    await user.click(clear());
    expect(panel()).toBeNull();
    cleanup();
    mount();
    show(failed({ id: 'a' }));
    expect(panel()).toBeNull();
    show(failed({ id: 'a' }), failed({ id: 'b' }));
    expect(rows().map((row) => row.dataset.job)).toEqual(['b']);
  });

  test('a job that was cleared and failed again, meanwhile, is new', async () => {
    mount();
    show(failed());
    await user.click(cross());
    cleanup();
    mount();
    show(failed({ attempt: 2 }));
    expect(rows()).toHaveLength(1);
  });

  test('nothing that runs or waits can be cleared', () => {
    mount();
    show(running(), makeJob({ id: 'b' }));
    expect(screen.queryByRole('button', { name: /^(Dismiss|Clear|Remove)/ })).toBeNull();
  });

  test('one ended row is cleared, and the others stay', async () => {
    mount();
    show(running({ id: 'a' }), running({ id: 'b', username: 'esa' }), failed({ id: 'c', username: 'jaxa' }));
    show(completed({ id: 'a' }), running({ id: 'b', username: 'esa' }), failed({ id: 'c', username: 'jaxa' }));
    await user.click(cross('@nasa'));
    await user.click(cross('@jaxa'));
    expect(rows().map((row) => row.dataset.job)).toEqual(['b']);
  });

  test('a cleared job that is retried elsewhere comes back', async () => {
    mount();
    show(failed());
    await user.click(cross());
    show(makeJob({ attempt: 1 }));
    expect(rows()).toHaveLength(1);
    show(failed({ attempt: 2 }));
    expect(rows()).toHaveLength(1);
  });

  test('what ended in this visit can be cleared, and stays away', async () => {
    mount();
    show(running({ id: 'a' }), running({ id: 'b' }));
    show(completed({ id: 'a' }), failed({ id: 'b' }));
    await user.click(clear());
    expect(panel()).toBeNull();
    show(completed({ id: 'a' }), failed({ id: 'b' }), running({ id: 'c' }));
    expect(rows().map((row) => row.dataset.job)).toEqual(['c']);
  });

  test('clearing one failure forgets no earlier one', async () => {
    mount();
    show(failed({ id: 'a' }));
    await user.click(clear());
    show(failed({ id: 'a' }), failed({ id: 'b' }));
    await user.click(clear());
    show(failed({ id: 'a' }), failed({ id: 'b' }), failed({ id: 'c' }));
    expect(rows().map((row) => row.dataset.job)).toEqual(['c']);
  });

  test('dismissing a failed listener lasts until the next failure', async () => {
    mount();
    act(() => source.fail(new TrackingJobError('unavailable')));
    await user.click(button('Dismiss'));
    expect(panel()).toBeNull();
    act(() => source.fail(new TrackingJobError('unavailable')));
    expect(screen.getByRole('alert')).toBeTruthy();
  });

  test('without a store that works, choices hold for the visit', async () => {
    const fails = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    vi.stubGlobal('localStorage', { getItem: fails, setItem: fails });
    mount();
    show(running());
    await user.click(toggle());
    expect(toggle().getAttribute('aria-expanded')).toBe('false');
    show(completed());
    await user.click(clear());
    expect(panel()).toBeNull();
  });

  test.each(['', '{', 'null', '[]', '7', '{"isCollapsed":"yes","dismissed":3}'])(
    'a store that holds %j is no harm',
    (stored) => {
      localStorage.setItem(storageKey('org', 'project'), stored);
      mount();
      show(running());
      expect(toggle().getAttribute('aria-expanded')).toBe('true');
      expect(rows()).toHaveLength(1);
    },
  );
});

describe('keyboard and announcements', () => {
  test('Escape collapses and leaves focus on the header', async () => {
    mount();
    show(running());
    act(() => button('Cancel tracking @nasa on Instagram').focus());
    await user.keyboard('{Escape}');
    expect(toggle().getAttribute('aria-expanded')).toBe('false');
    expect(document.activeElement).toBe(toggle());
    await user.keyboard('{Escape}');
    expect(toggle().getAttribute('aria-expanded')).toBe('false');
  });

  test('Tab goes through header and rows, and Enter acts', async () => {
    mount();
    show(failed({ id: 'b', username: 'esa' }), running());
    const stops = [
      toggle(),
      button('History'),
      summary('@esa'),
      button('Retry tracking @esa on Instagram'),
      cross('@esa'),
      summary('@nasa'),
      button('Cancel tracking @nasa on Instagram'),
    ];
    for (const stop of stops) {
      await user.tab();
      expect(document.activeElement).toBe(stop);
    }
    await user.keyboard('{Enter}');
    expect(source.cancelJob).toHaveBeenCalledTimes(1);
  });

  /** Progress is not announced, and the first snapshot is not either. */
  test('only changes of status are announced', () => {
    mount();
    show(running({ progress: 30 }));
    show(running({ progress: 50 }));
    expect(announced()).toBe('');
    show(failed());
    expect(announced()).toBe('Failed: @nasa on Instagram. It is private.');
    show(makeJob({ attempt: 1 }));
    expect(announced()).toBe('Waiting: @nasa on Instagram.');
  });

  test('the first job is announced in a region that existed before', () => {
    mount();
    show();
    const region = screen.getByRole('status');
    show(makeJob());
    expect(screen.getByRole('status')).toBe(region);
    expect(announced()).toBe('Waiting: @nasa on Instagram.');
  });

  test('many changes at once are announced in brief', () => {
    mount();
    const jobs = [0, 1, 2, 3, 4].map((number) => running({ id: `${number}`, username: `a${number}` }));
    show(...jobs);
    show(...jobs.map((job) => completed({ id: job.id, username: job.username })));
    expect(announced()).toBe(
      'Completed: @a0 on Instagram. Completed: @a1 on Instagram. Completed: @a2 on Instagram. 2 more jobs changed.',
    );
  });
});

test('axe finds nothing wrong in any state', async () => {
  vi.useRealTimers();
  mount();
  show(running({ id: 'a' }), running({ id: 'b' }), running({ id: 'c' }));
  show(running({ id: 'a' }), makeJob({ id: 'd' }), completed({ id: 'b' }), cancelled({ id: 'c' }), failed({ id: 'e' }));
  act(() => source.fail(new TrackingJobError('unavailable')));
  const { violations, passes } = await axe.run(document.body, {
    // The colour check needs a browser (tests/e2e/browser/test_gallery.py). The panel alone has no landmarks of a page.
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  expect(passes.map(({ id }) => id)).toContain('aria-progressbar-name');
});
