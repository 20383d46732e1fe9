import { act, cleanup, render, screen } from '@testing-library/react';
import type { DocumentSnapshot } from 'firebase/firestore';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AccountList } from '../../demo/AccountList';
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

function listOf(kind: 'valid' | 'odd') {
  const items = examplesOf('account')[kind].map(({ id, document }) =>
    readAccount({ id, data: () => document } as unknown as DocumentSnapshot),
  );
  const accounts = { status: 'ready', items, hasMore: false, isStale: false } as const;
  return <AccountList accounts={accounts} selectedId={null} arrivedId={null} onSelect={() => {}} onMore={() => {}} />;
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
