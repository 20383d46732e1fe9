/** The history: all jobs that the listener has, with search and filters. */

import { screen, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import {
  ago,
  button,
  cancelled,
  completed,
  failed,
  mount,
  panel,
  rows,
  running,
  setupPanelTest,
  show,
  summary,
  toggle,
  user,
} from './panelHarness';

setupPanelTest();

const JOBS = [
  running({ id: 'now', username: 'esa' }),
  completed({ id: 'done', username: 'NASA' }),
  cancelled({ id: 'stopped', username: 'nasahistory', platform: 'youtube' }),
  failed({ id: 'old', username: 'jaxa', errorCode: 'AccountPrivateError', completedAt: ago(90_000) }),
];
const ids = () => rows().map((row) => row.dataset.job);
const select = (name: string) => screen.getByRole('combobox', { name });

async function openHistory(): Promise<void> {
  mount();
  show(...JOBS);
  await user.click(button('History'));
}

test('lists what ended before this visit, and goes back to now', async () => {
  await openHistory();
  expect(button('History').getAttribute('aria-pressed')).toBe('true');
  expect(ids()).toEqual(['now', 'done', 'stopped', 'old']);
  await user.click(button('History'));
  expect(ids()).toEqual(['now']);
});

describe('is narrowed', () => {
  test('by name', async () => {
    await openHistory();
    await user.type(screen.getByRole('searchbox', { name: 'Search by name' }), ' Nasa ');
    expect(ids()).toEqual(['done', 'stopped']);
  });

  test('by status and platform', async () => {
    await openHistory();
    await user.selectOptions(select('Platform'), 'YouTube');
    expect(ids()).toEqual(['stopped']);
    await user.selectOptions(select('Status'), 'Failed');
    expect(screen.getByText('No job matches.')).toBeTruthy();
    await user.selectOptions(select('Platform'), 'Platform: All');
    expect(ids()).toEqual(['old']);
  });
});

test('its rows open, act, and cannot be removed', async () => {
  await openHistory();
  await user.click(summary('@jaxa'));
  expect(screen.getByText('It is private.')).toBeTruthy();
  expect(button('Retry tracking @jaxa on Instagram')).toBeTruthy();
  expect(button('Retry tracking @nasahistory on YouTube')).toBeTruthy();
  const list = screen.getByRole('list', { name: 'History' });
  expect(within(list).queryByRole('button', { name: /^(Dismiss|Remove)/ })).toBeNull();
});

describe('the way back to the panel', () => {
  test('is the collapsed panel that always stays', async () => {
    mount({ visibility: 'always' });
    show(...JOBS.slice(1));
    expect(toggle().getAttribute('aria-expanded')).toBe('false');
    expect(toggle().textContent).toBe('Account tracking');
    await user.click(toggle());
    expect(ids()).toEqual(['done', 'stopped', 'old']);
    await user.click(button('History'));
    expect(screen.getByText('Nothing is running.')).toBeTruthy();
  });

  test('is the page’s own control', async () => {
    const asked: boolean[] = [];
    const { change } = mount({ open: false, onOpenChange: (open) => asked.push(open) });
    show(...JOBS.slice(1));
    expect(panel()).toBeNull();
    change({ open: true, onOpenChange: (open) => asked.push(open) });
    expect(ids()).toEqual(['done', 'stopped', 'old']);
    await user.click(toggle());
    expect(asked).toEqual([false]);
    expect(toggle().getAttribute('aria-expanded')).toBe('true');
  });

  test('the page’s control wins over what the person chose', async () => {
    const { change } = mount();
    show(running());
    await user.click(toggle());
    change({ open: true });
    expect(toggle().getAttribute('aria-expanded')).toBe('true');
    change({ open: false });
    expect(toggle().getAttribute('aria-expanded')).toBe('false');
  });
});
