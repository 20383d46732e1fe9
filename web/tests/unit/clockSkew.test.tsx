import { describe, expect, test } from 'vitest';
import { skewMs } from '../../src/panel/clockSkew';
import { initialPanelState, panelReducer } from '../../src/panel/panelState';
import type { Connection } from '../../src/service';
import { ago, mount, pass, rows, running, setupPanelTest, show } from './panelHarness';
import { makeJob } from './panelJobs';

setupPanelTest();

/**
 * Return the skew, in seconds, after these snapshots. `made` is the time of the newest change and `came` its arrival,
 * both in seconds; null stands for a job that has never changed.
 */
function skewAfter(...snapshots: [made: number | null, came: number, connection?: Connection][]): number {
  const state = snapshots.reduce((before, [made, came, connection = 'live']) => {
    const updatedAt = made === null ? null : new Date(made * 1000);
    const jobs = [makeJob({ updatedAt }), makeJob({ updatedAt: new Date(0) })];
    return panelReducer(before, { type: 'jobsReceived', jobs, connection, at: came * 1000 });
  }, initialPanelState(true));
  return skewMs(state.clockSkew) / 1000;
}

describe('how far the clock is ahead', () => {
  test('is not learned from what was there before', () => {
    expect(skewAfter([100, 400])).toBe(0);
    expect(skewAfter([100, 400], [100, 500])).toBe(0);
  });

  test('is learned from every live change, the first included', () => {
    expect(skewAfter([100, 400], [500, 1100])).toBe(600);
    expect(skewAfter([null, 400], [500, 1100])).toBe(600);
  });

  test('is the least age, since other changes took longer to arrive', () => {
    expect(skewAfter([100, 400], [500, 1130], [600, 1201], [700, 1350])).toBe(601);
  });

  test('is not learned from changes during a lost connection', () => {
    expect(skewAfter([100, 101], [100, 101, 'reconnecting'], [500, 1100])).toBe(0);
    expect(skewAfter([100, 101], [100, 101, 'reconnecting'], [500, 1100], [1200, 1203])).toBe(3);
  });

  test('is negative when a change comes from the future', () => {
    expect(skewAfter([100, 101], [500, 200])).toBe(-300);
    expect(skewAfter([3700, 100])).toBe(-3600);
  });
});

test('a clock one hour behind shows the right running time', () => {
  mount();
  show(running({ startedAt: ago(-3590), updatedAt: ago(-3598) }));
  expect(rows()[0]?.textContent).toContain('8s');
});

test('a clock ten minutes ahead shows the right running time', () => {
  mount();
  show(makeJob({ createdAt: ago(602) }));
  show(running({ startedAt: ago(600), updatedAt: ago(600) }));
  expect(rows()[0]?.textContent).toContain('0s');
  pass(8_000);
  expect(rows()[0]?.textContent).toContain('8s');
});
