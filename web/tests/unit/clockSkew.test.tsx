import { describe, expect, test } from 'vitest';
import { aheadMs, clockAfter, NEW_CLOCK } from '../../src/panel/clockSkew';
import type { Connection } from '../../src/service';
import { ago, mount, pass, rows, running, setupPanelTest, show } from './panelHarness';
import { makeJob } from './panelJobs';

setupPanelTest();

/** Each: when the newest change was made and when it came, both in seconds; null for a job that nobody has touched. */
function learned(...snapshots: [made: number | null, came: number, connection?: Connection][]): number {
  const clock = snapshots.reduce((before, [made, came, connection = 'live']) => {
    const updatedAt = made === null ? null : new Date(made * 1000);
    return clockAfter(before, [makeJob({ updatedAt }), makeJob({ updatedAt: new Date(0) })], connection, came * 1000);
  }, NEW_CLOCK);
  return aheadMs(clock) / 1000;
}

describe('how far the clock is ahead', () => {
  test('is not learned from what was there before', () => {
    expect(learned([100, 400])).toBe(0);
    expect(learned([100, 400], [100, 500])).toBe(0);
  });

  test('is learned from a change that arrives, the first of all included', () => {
    expect(learned([100, 400], [500, 1100])).toBe(600);
    expect(learned([null, 400], [500, 1100])).toBe(600);
  });

  test('is what the quickest change says, for the others were on the way for longer', () => {
    expect(learned([100, 400], [500, 1130], [600, 1201], [700, 1350])).toBe(601);
  });

  test('is not learned from what came late, after the connection was lost', () => {
    expect(learned([100, 101], [100, 101, 'reconnecting'], [500, 1100])).toBe(0);
    expect(learned([100, 101], [100, 101, 'reconnecting'], [500, 1100], [1200, 1203])).toBe(3);
  });

  test('is never less than nothing, so that no time shown grows by it', () => {
    expect(learned([100, 101], [500, 200])).toBe(0);
  });
});

test('a clock that is ten minutes ahead shows how long a job runs nevertheless', () => {
  mount();
  show(makeJob({ createdAt: ago(602) }));
  show(running({ startedAt: ago(600), updatedAt: ago(600) }));
  expect(rows()[0]?.textContent).toContain('0 s');
  pass(8_000);
  expect(rows()[0]?.textContent).toContain('8 s');
});
