import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { DocumentSnapshot } from 'firebase/firestore';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AccountList } from '../../demo/AccountList';
import type { Live } from '../../demo/useAccounts';
import type { TrackedAccount } from '../../src/account';
import { readAccount } from '../../src/accountDocuments';
import { examplesOf } from '../accountExamples';

const SYNCED = new Date('2026-11-23T12:00:00Z'); // as in the contract's examples

beforeEach(() => {
  vi.useFakeTimers({ now: SYNCED.getTime() + 5 * 60_000 });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function listOf(kind: 'valid' | 'odd', hasMore = false) {
  const items = examplesOf('account')[kind].map(({ id, document }) =>
    readAccount({ id, data: () => document } as unknown as DocumentSnapshot),
  );
  return list({ status: 'ready', items, hasMore, isStale: false });
}

function list(accounts: Live<TrackedAccount>) {
  return (
    <AccountList accounts={accounts} selectedId={null} arrivedId={null} onSelect={() => {}} onMore={() => {}}>
      <button type="button">@NASA on Instagram</button>
    </AccountList>
  );
}

const texts = () => screen.getAllByRole('listitem').map((row) => row.textContent);

test('a row shows name, platform, type, time and followers', () => {
  render(listOf('valid'));
  expect(texts()[0]).toContain('NASA');
  expect(texts()[0]).toContain('@nasa · InstagramCompetitor · synced 5m ago');
  expect(texts()[0]).toContain('97,000,000 followers');
});

test('the time of the last sync goes on by ticks alone', () => {
  const { rerender } = render(listOf('valid'));
  vi.setSystemTime(SYNCED.getTime() + 3_600_000);
  rerender(listOf('valid'));
  expect(texts()[0]).toContain('synced 5m ago');
  act(() => vi.advanceTimersByTime(1_000));
  expect(texts()[0]).toContain('synced 1h ago');
});

test('an odd account is shown as far as it can be', () => {
  render(listOf('odd'));
  expect(texts()).toHaveLength(examplesOf('account').odd.length);
  expect(texts().join()).not.toMatch(/undefined|NaN|null|threads|partner/);
});

test('a search leaves the accounts that match', () => {
  render(listOf('valid', true));
  const search = screen.getByLabelText('Search accounts');
  fireEvent.change(search, { target: { value: ' @TIK' } });
  expect(texts().map((text) => text?.includes('tiktok'))).toEqual([true]);
  expect(screen.getByText('Only the 3 newest accounts are searched.')).toBeTruthy();
  fireEvent.change(search, { target: { value: 'nobody' } });
  expect(screen.queryAllByRole('listitem')).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'Show all accounts' }));
  expect(texts()).toHaveLength(3);
  expect(screen.queryByText(/are searched/)).toBeNull();
});

test('a filter and an order can be chosen', () => {
  render(listOf('valid'));
  fireEvent.change(screen.getByLabelText('Filter accounts'), { target: { value: 'competitor' } });
  expect(texts().map((text) => text?.includes('NASA'))).toEqual([true]);
  fireEvent.change(screen.getByLabelText('Filter accounts'), { target: { value: 'all' } });
  fireEvent.change(screen.getByLabelText('Sort accounts'), { target: { value: 'followers' } });
  expect(texts().map((text) => text?.includes('NASA'))).toEqual([true, false, false]);
});

test('a project without accounts offers samples', () => {
  render(list({ status: 'ready', items: [], hasMore: false, isStale: false }));
  expect(screen.getByText(/^No accounts yet\./)).toBeTruthy();
  expect(screen.getByRole('button', { name: '@NASA on Instagram' })).toBeTruthy();
  expect(screen.queryByRole('searchbox')).toBeNull();
});

test('a list that loads has a shape', () => {
  const { container } = render(list({ status: 'loading' }));
  expect(screen.getByText('Loading…').className).toBe('unseen');
  expect(container.querySelectorAll('.shape')).toHaveLength(4);
});
