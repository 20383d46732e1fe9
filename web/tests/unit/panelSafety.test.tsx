/** The panel in a stranger's page: callbacks that throw, a user who signs out, a lost network, a long list. */

import { act, screen } from '@testing-library/react';
import { describe, expect, test, vi } from 'vitest';
import { TrackingJobError } from '../../src/errors';
import {
  button,
  completed,
  failed,
  mount,
  panel,
  rows,
  running,
  setupPanelTest,
  show,
  source,
  toggle,
  user,
} from './panelHarness';

setupPanelTest();

describe('a callback of the page that throws', () => {
  /** Record what reaches the page as an uncaught error. */
  function uncaught(): unknown[] {
    const errors: unknown[] = [];
    const queue = globalThis.queueMicrotask;
    vi.stubGlobal('queueMicrotask', (task: () => void) =>
      queue(() => {
        try {
          task();
        } catch (error) {
          errors.push(error);
        }
      }),
    );
    return errors;
  }

  test.each(['onJobCompleted', 'onJobFailed'] as const)(
    '%s becomes an uncaught error, and the panel stays',
    async (name) => {
      const errors = uncaught();
      const broken = () => {
        throw new Error('the page is broken');
      };
      mount({ [name]: broken });
      show(running({ id: 'a' }), running({ id: 'b' }));
      show(completed({ id: 'a' }), failed({ id: 'b' }));
      await act(async () => {});
      expect(rows()).toHaveLength(2);
      expect(errors).toEqual([new Error('the page is broken')]);
    },
  );
});

test('onJobFailed is called once for each attempt that fails', () => {
  const onJobFailed = vi.fn();
  mount({ onJobFailed });
  show(failed({ id: 'old' }), running());
  show(failed());
  show(failed());
  show(running({ attempt: 2 }));
  show(failed({ attempt: 2 }));
  expect(onJobFailed.mock.calls.map(([job]) => [job.id, job.attempt])).toEqual([
    ['job', 1],
    ['job', 2],
  ]);
});

describe('while nobody is signed in', () => {
  test('nothing is shown, and the panel comes alive at a sign-in', () => {
    mount({ visibility: 'always' });
    act(() => source.fail(new TrackingJobError('not-signed-in')));
    expect(panel()).toBeNull();
    show(running());
    expect(rows()).toHaveLength(1);
  });

  test('the jobs of the last user are gone', () => {
    mount();
    show(running());
    act(() => source.fail(new TrackingJobError('not-signed-in')));
    expect(panel()).toBeNull();
  });
});

describe('an error about the connection', () => {
  test('is gone once the list is live again', async () => {
    mount();
    show(running());
    act(() => source.emit([running()], 'reconnecting'));
    await user.click(button('Cancel tracking @nasa on Instagram'));
    await act(async () => source.calls[0]?.reject(new TrackingJobError('offline')));
    expect(screen.getByText(/^Could not cancel\./)).toBeTruthy();
    show(running());
    expect(screen.queryByText(/^Could not cancel\./)).toBeNull();
  });

  test('that comes after the reconnection is shown', async () => {
    mount();
    show(running());
    act(() => source.emit([running()], 'reconnecting'));
    await user.click(button('Cancel tracking @nasa on Instagram'));
    show(running());
    await act(async () => source.calls[0]?.reject(new TrackingJobError('unavailable')));
    expect(screen.getByText(/^Could not cancel\./)).toBeTruthy();
  });

  test('stays when it was about something else', async () => {
    mount();
    show(running());
    act(() => source.emit([running()], 'reconnecting'));
    await user.click(button('Cancel tracking @nasa on Instagram'));
    await act(async () => source.calls[0]?.reject(new TrackingJobError('not-allowed')));
    show(running());
    expect(screen.getByText(/^Could not cancel\./)).toBeTruthy();
  });
});

/** The listener gives the newest 200 jobs. */
test('of 200 jobs the failed ones are at least as many', { timeout: 30_000 }, () => {
  mount({ open: false });
  show(...Array.from({ length: 200 }, (_, number) => failed({ id: `${number}` })));
  expect(toggle().textContent).toBe('Account tracking200+ failed');
});

describe('failures of the past', () => {
  const first = () => localStorage.clear();

  test('do not open the panel in a new browser, now or later', () => {
    first();
    const { unmount } = mount();
    show(failed({ id: 'old' }));
    expect(panel()).toBeNull();
    unmount();
    mount();
    show(failed({ id: 'old' }));
    expect(panel()).toBeNull();
    show(failed({ id: 'old' }), failed({ id: 'new' }));
    expect(rows().map((row) => row.dataset.job)).toEqual(['new']);
  });

  test('are not known from a list out of the cache', () => {
    first();
    mount();
    act(() => source.emit([failed({ id: 'cached' })], 'reconnecting'));
    expect(panel()).toBeNull();
    show(failed({ id: 'cached' }), failed({ id: 'old' }));
    expect(panel()).toBeNull();
  });

  test('leave the list after a day', () => {
    mount();
    show(failed({ completedAt: new Date(Date.now() - 25 * 3_600_000) }));
    expect(panel()).toBeNull();
    show(failed({ completedAt: new Date(Date.now() - 23 * 3_600_000) }));
    expect(rows()).toHaveLength(1);
  });
});
