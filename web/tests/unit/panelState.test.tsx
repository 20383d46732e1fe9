import { act } from '@testing-library/react';
import { describe, expect, test, vi } from 'vitest';
import { TrackingJobError } from '../../src/errors';
import { initialPanelState, type PanelAction, type PanelState, panelReducer } from '../../src/panel/panelState';
import type { Connection } from '../../src/service';
import { ago, mount, pass, rows, running, setupPanelTest, show, source } from './panelHarness';

setupPanelTest();

const received = (connection: Connection, at: number): PanelAction => ({
  type: 'jobsReceived',
  jobs: [running()],
  connection,
  at,
});
const stateAfter = (...actions: PanelAction[]): PanelState => actions.reduce(panelReducer, initialPanelState(true));

describe('staleSince', () => {
  test.each<[string, PanelAction]>([
    ['a reconnecting snapshot', received('reconnecting', 20)],
    ['a failed listener', { type: 'listenerFailed', error: new TrackingJobError('not-allowed'), at: 20 }],
    ['a lost network', { type: 'networkChanged', isOnline: false, at: 20 }],
    ['a new listener', { type: 'subscribed', at: 20 }],
  ])('is the time of %s', (_, action) => {
    expect(stateAfter(received('live', 10)).staleSince).toBeNull();
    expect(stateAfter(received('live', 10), action).staleSince).toBe(20);
  });

  test('is that of the first cause, until all is live again', () => {
    const offline = stateAfter(
      received('live', 10),
      received('reconnecting', 20),
      { type: 'networkChanged', isOnline: false, at: 30 },
      received('live', 40),
      { type: 'announced', text: 'Offline.' },
    );
    expect(offline.staleSince).toBe(20);
    expect(panelReducer(offline, { type: 'networkChanged', isOnline: true, at: 50 }).staleSince).toBeNull();
  });

  test('is null before the first snapshot, even offline', () => {
    expect(stateAfter({ type: 'networkChanged', isOnline: false, at: 20 }).staleSince).toBeNull();
  });
});

test('a network report without a change changes nothing', () => {
  const state = stateAfter(received('live', 10));
  expect(panelReducer(state, { type: 'networkChanged', isOnline: true, at: 20 })).toBe(state);
});

/** The render comes an hour after the snapshot. If it read the clock, the rows would count that hour, too. */
test('rows stop at the time of the snapshot, not of the render', () => {
  mount();
  show(running({ startedAt: ago(10) }));
  act(() => {
    source.emit([running({ startedAt: ago(10) })], 'reconnecting');
    vi.setSystemTime(Date.now() + 3_600_000);
  });
  pass(5_000);
  expect(rows()[0]?.textContent).toContain('10s');
});
