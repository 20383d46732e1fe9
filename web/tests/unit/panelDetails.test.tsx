/** The details of a job, and how long it probably still takes. */

import { act, screen } from '@testing-library/react';
import { describe, expect, test, vi } from 'vitest';
import { type ExpectedEnds, learnEnds } from '../../src/panel/estimate';
import {
  ago,
  button,
  completed,
  failed,
  mount,
  pass,
  rows,
  running,
  setupPanelTest,
  show,
  summary,
  user,
} from './panelHarness';
import { makeJob } from './panelJobs';

setupPanelTest();

/** Return the facts in the open details, name -> value. */
function facts(): Record<string, string> {
  const names = [...document.querySelectorAll('.tracking-panel__facts dt')];
  return Object.fromEntries(names.map((name) => [name.textContent, name.nextElementSibling?.textContent ?? '']));
}

describe('the details of a row', () => {
  test('open and close, and hold the whole sentence', async () => {
    mount();
    show(failed());
    expect(summary().getAttribute('aria-expanded')).toBe('false');
    expect(screen.queryByText('It is private.')).toBeNull();
    await user.click(summary());
    const id = summary().getAttribute('aria-controls') ?? '';
    expect(document.getElementById(id)?.textContent).toContain('It is private.');
    await user.click(summary());
    expect(screen.queryByText('It is private.')).toBeNull();
  });

  test('list only what the job’s document knows', async () => {
    mount();
    show(makeJob());
    await user.click(summary());
    expect(Object.keys(facts())).toEqual(['Added']);
  });

  test('list steps, attempts, cost and who added the job', async () => {
    const steps = { accountFetched: ago(40), accountSaved: ago(30), videosFetched: ago(20) };
    const spent = { usd: 0.0125, results: 1200, units: 0 };
    mount({ nameOf: (userId) => (userId === 'user' ? 'Ada' : null) });
    show(failed({ attempt: 2, retryCount: 3, ...{ steps, spent } }));
    await user.click(summary());
    expect(Object.keys(facts())).toEqual([
      'Added',
      'Started',
      'Account found',
      'Account saved',
      'Videos fetched',
      'Ended',
      'Attempts',
      'Automatic retries',
      'Added by',
      'Cost',
    ]);
    expect(facts()).toMatchObject({
      Attempts: '2',
      'Automatic retries': '3',
      'Added by': 'Ada',
      Cost: '1,200 results, $0.0125',
    });
  });

  test('name the day once', async () => {
    mount();
    show(failed());
    await user.click(summary());
    const { Added, Started, Ended } = facts();
    expect([Added, Started, Ended].map((moment) => moment?.includes('2026'))).toEqual([true, false, false]);
  });

  test('keep an ended row in the list while they are open', async () => {
    mount();
    show(running());
    await user.click(summary());
    show(completed());
    await user.unhover(summary());
    act(() => summary().blur());
    pass(60_000);
    expect(rows()).toHaveLength(1);
  });
});

test('a completed job opens its account, if the page can', async () => {
  const onOpenAccount = vi.fn();
  mount({ onOpenAccount });
  show(running());
  show(completed());
  await user.click(button('Open @nasa on Instagram'));
  expect(onOpenAccount.mock.calls).toEqual([['instagram_1', completed()]]);
});

describe('the remaining time of a running job', () => {
  const past = (seconds: number, id: string) =>
    completed({ id, startedAt: ago(1000), completedAt: ago(1000 - seconds) });
  /** Their median is 60 s; `show` gives them to a panel that sees them as history. */
  const samples = () => [past(50, 'x'), past(60, 'y'), past(900, 'z')];

  test('is the median of the platform’s completed jobs, less its age', async () => {
    mount();
    show(running({ startedAt: ago(22) }), ...samples());
    expect(summary().textContent).toContain('~40s left');
    await user.click(summary());
    expect(screen.getByText('About 40s left.')).toBeTruthy();
  });

  test('is unknown with two samples of the platform', () => {
    mount();
    show(running({ startedAt: ago(20) }), ...samples().slice(1), completed({ id: 'w', platform: 'tiktok' }));
    expect(summary().textContent).toContain(', 20s');
  });

  test('is not guessed for a job that is late', async () => {
    mount();
    show(running({ startedAt: ago(61) }), ...samples());
    expect(summary().textContent).toContain(', 1m 1s');
    await user.click(summary());
    expect(screen.getByText('Taking longer than usual.')).toBeTruthy();
  });

  test('never grows, whatever later jobs take', () => {
    const job = running({ startedAt: ago(0) });
    const endsAfter = (before: ExpectedEnds, seconds: number) =>
      learnEnds(before, [job, ...['a', 'b', 'c'].map((id) => past(seconds, id))]);
    const end = (ends: ExpectedEnds) => (ends.get('job@1') ?? 0) - ago(0).getTime();
    const first = endsAfter(new Map(), 60);
    expect(end(first)).toBe(60_000);
    expect(end(endsAfter(first, 90))).toBe(60_000);
    expect(end(endsAfter(first, 30))).toBe(30_000);
    expect(end(learnEnds(first, [job]))).toBe(60_000);
  });
});
