/** Jobs that wait for a paused platform say so, and until when. */

import { act, screen } from '@testing-library/react';
import { describe, expect, test, vi } from 'vitest';
import { PAUSE_REASONS, type PlatformPause } from '../../src/pauses';
import { ago, mount, pass, running, setupPanelTest, show, source, summary, user } from './panelHarness';
import { makeJob } from './panelJobs';

setupPanelTest();

const pause = (fields: Partial<PlatformPause> = {}): PlatformPause => ({
  platform: 'instagram',
  until: ago(-3600),
  reason: 'QuotaExceededError',
  ...fields,
});
const TIME = new Intl.DateTimeFormat('en', { hour: 'numeric', minute: '2-digit' }).format(ago(-3600));
const tell = (...pauses: PlatformPause[]) => act(() => source.emitPauses(...pauses));

describe('a waiting job of a paused platform', () => {
  test('says until when, and why', async () => {
    mount();
    show(makeJob({ message: 'Instagram gives us no more for now; resumes about 13:00 UTC.' }));
    expect(summary().textContent).toContain('Waiting');
    tell(pause());
    expect(summary().textContent).toBe(`@nasa, Instagram, Waiting: Paused until ${TIME}, `);
    await user.click(summary());
    expect(screen.getByText(`Instagram's daily limit is used up. Tracking resumes at ${TIME}.`)).toBeTruthy();
  });

  test.each([...PAUSE_REASONS, null])('has a sentence for %s', async (reason) => {
    mount();
    show(makeJob());
    tell(pause({ reason }));
    await user.click(summary());
    expect(screen.getByText(new RegExp(`Instagram.* at ${TIME}\\.$`))).toBeTruthy();
  });

  test('names the weekday of another day', () => {
    mount();
    show(makeJob());
    tell(pause({ until: ago(-86_400 * 2) }));
    expect(summary().textContent).toMatch(/Paused until Wed/);
  });

  test('names the day of a pause that is long', () => {
    mount();
    show(makeJob());
    tell(pause({ until: ago(-86_400 * 28) }));
    expect(summary().textContent).toMatch(/Paused until Dec 21/);
  });

  test('only waits once the pause is over', () => {
    mount();
    show(makeJob());
    tell(pause({ until: ago(-2) }));
    expect(summary().textContent).toContain('Paused');
    pass(3_000);
    expect(summary().textContent).not.toContain('Paused');
  });
});

test.each([
  [
    'onHold',
    'On hold: this job is older than the tracking service. To start it now, cancel it and retry.',
    ': On hold',
  ],
  ['interrupted', 'Interrupted; waiting to start again.', 'Waiting'],
  ['noPlace', 'Waiting for a free place.', 'Waiting'],
])('a job whose message is %s has its sentence in the details', async (messageCode, message, word) => {
  mount();
  show(makeJob({ messageCode, message }));
  expect(summary().textContent).toContain(word);
  await user.click(summary());
  expect(screen.getByText(message)).toBeTruthy();
});

test('a sentence whose time has passed is not shown any more', async () => {
  mount();
  const message = 'X asks us to slow down. Tracking resumes at 11:00 UTC.';
  const messageParams = { platform: 'X', until: ago(3600).toISOString() };
  show(makeJob({ messageCode: 'slowedDownUntil', message, messageParams }));
  await user.click(summary());
  expect(screen.queryByText(/Tracking resumes/)).toBeNull();
});

test('a source that cannot watch pauses harms nothing', () => {
  vi.spyOn(source, 'watchPauses').mockImplementation(() => {
    throw new Error('not set up');
  });
  mount();
  show(makeJob());
  expect(summary().textContent).toContain('Waiting');
});

test('jobs of other platforms, and running ones, are not concerned', () => {
  mount();
  show(makeJob({ username: 'esa', platform: 'tiktok' }), running());
  tell(pause());
  expect(summary('@esa').textContent).not.toContain('Paused');
  expect(summary('@nasa').textContent).not.toContain('Paused');
});
