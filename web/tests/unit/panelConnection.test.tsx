import { act, screen, within } from '@testing-library/react';
import { describe, expect, test, vi } from 'vitest';
import { invalidInput, TrackingJobError } from '../../src/errors';
import type { Connection } from '../../src/service';
import {
  ago,
  announced,
  button,
  completed,
  mount,
  panel,
  pass,
  rows,
  running,
  setupPanelTest,
  show,
  source,
  user,
} from './panelHarness';
import { FakeSource } from './panelSource';

setupPanelTest();

describe('the connection', () => {
  test.each<[Connection, boolean]>([
    ['live', false],
    ['reconnecting', true],
  ])('when it is %s', (connection, isShown) => {
    mount();
    act(() => source.emit([running()], connection));
    expect(within(panel() as HTMLElement).queryByText('Reconnecting…') !== null).toBe(isShown);
  });

  test('offline is said, and no more once the network is back', () => {
    const onLine = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(true);
    mount();
    show(running());
    onLine.mockReturnValue(false);
    act(() => void dispatchEvent(new Event('offline')));
    const sentence = 'Offline. Showing the last known state.';
    expect(within(panel() as HTMLElement).getByText(sentence)).toBeTruthy();
    expect(announced()).toBe(sentence);
    onLine.mockReturnValue(true);
    act(() => void dispatchEvent(new Event('online')));
    expect(within(panel() as HTMLElement).queryByText(sentence)).toBeNull();
  });

  test('a listener that failed is an alert over the last known jobs', () => {
    mount();
    show(running());
    act(() => source.fail(new TrackingJobError('unavailable')));
    expect(screen.getByRole('alert').textContent).toBe(
      'Could not load the jobs. The service cannot be reached right now. Try again in a moment.',
    );
    expect(rows()).toHaveLength(1);
  });

  test('a listener that fails at first is told as well', () => {
    mount();
    act(() => source.fail(new TrackingJobError('not-allowed')));
    expect(screen.getByRole('alert').textContent).toMatch(/^Could not load the jobs\. You are not allowed/);
    expect(screen.queryByRole('list')).toBeNull();
    const buttons = screen.getAllByRole('button').map((each) => each.getAttribute('aria-label') ?? each.textContent);
    expect(buttons).toEqual(['Dismiss', 'Try again']);
    expect(screen.getByText('Account tracking')).toBeTruthy();
  });

  test('Try again starts a listener and is busy until it answers', async () => {
    mount();
    act(() => source.fail(new TrackingJobError('unavailable')));
    const before = source.history.length;
    await user.click(button('Try again'));
    expect(source.history).toHaveLength(before + 1);
    expect(source.listeners.size).toBe(1);
    expect(button('Trying…').getAttribute('aria-disabled')).toBe('true');
    await user.click(button('Trying…'));
    expect(source.history).toHaveLength(before + 1);
    show(running());
    expect(screen.queryByRole('alert')).toBeNull();
    expect(rows()).toHaveLength(1);
  });

  test('a service that refuses to listen at all is told, not thrown', () => {
    const refusing = new FakeSource();
    vi.spyOn(refusing, 'watchProjectJobs').mockImplementation(() => {
      throw invalidInput('orgId', 'No organisation was given.');
    });
    mount({ service: refusing, orgId: '' });
    expect(screen.getByRole('alert').textContent).toBe('Could not load the jobs. No organisation was given.');
  });

  test('that it is back is said once, and not before it holds', () => {
    mount();
    show(running());
    act(() => source.emit([running()], 'reconnecting'));
    show(completed());
    expect(announced()).toBe('Completed: @nasa on Instagram.');
    act(() => source.emit([completed()], 'reconnecting'));
    show(completed());
    expect(announced()).toBe('Reconnecting…');
    pass(1_000);
    expect(announced()).toBe('Connected again.');
    show(completed(), running({ id: 'b', username: 'esa' }));
    pass(5_000);
    expect(announced()).toBe('Running: @esa on Instagram.');
  });

  test('that it is back is said after a failed listener, too', async () => {
    mount();
    show(running());
    act(() => source.fail(new TrackingJobError('unavailable')));
    await user.click(button('Try again'));
    pass(5_000);
    expect(announced()).toBe('');
    show(running());
    pass(1_000);
    expect(announced()).toBe('Connected again.');
  });

  test('while it is in doubt, seconds and spinner stand still', () => {
    mount();
    show(running({ startedAt: ago(10) }));
    pass(2_000);
    act(() => source.emit([running({ startedAt: ago(10) })], 'reconnecting'));
    expect(panel()?.className).toContain('tracking-panel--stale');
    pass(5_000);
    expect(rows()[0]?.textContent).toContain('12s');
    show(running({ startedAt: ago(10) }));
    expect(panel()?.className).not.toContain('tracking-panel--stale');
    expect(rows()[0]?.textContent).toContain('17s');
  });
});
