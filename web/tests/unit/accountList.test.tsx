import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { DocumentSnapshot } from 'firebase/firestore';
import { useState } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AccountList } from '../../demo/AccountList';
import { type AccountView, WHOLE } from '../../demo/accountView';
import type { Live } from '../../demo/useAccounts';
import type { TrackedAccount } from '../../src/account';
import { readAccount } from '../../src/accountDocuments';
import { examplesOf } from '../accountExamples';
import { makeAccount, makeAccounts } from '../madeAccounts';

const SYNCED = new Date('2026-11-23T12:00:00Z'); // as in the contract's examples
const WINDOW_ROWS = 60;

beforeEach(() => {
  vi.useFakeTimers({ now: SYNCED.getTime() + 5 * 60_000, toFake: ['Date', 'setInterval', 'clearInterval'] });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function examples(kind: 'valid' | 'odd') {
  return examplesOf('account')[kind].map(({ id, document }) =>
    readAccount({ id, data: () => document } as unknown as DocumentSnapshot),
  );
}

function ready(items: TrackedAccount[], hasMore = false): Live<TrackedAccount> {
  return { status: 'ready', items, hasMore, isStale: false };
}

interface ListProps {
  accounts: Live<TrackedAccount>;
  view?: Partial<AccountView>;
  onOpen?: (id: string) => void;
  lastOpenedId?: string | null;
}

/** The list, with its view and its chosen accounts in a state as on the page. */
function List({ accounts, view: first = {}, onOpen = () => {}, lastOpenedId = null }: ListProps) {
  const [view, setView] = useState<AccountView>({ ...WHOLE, ...first });
  const [chosenIds, setChosenIds] = useState<readonly string[]>([]);
  return (
    <AccountList
      accounts={accounts}
      view={view}
      onView={setView}
      arrivedId={null}
      lastOpenedId={lastOpenedId}
      chosenIds={chosenIds}
      onChosen={setChosenIds}
      onOpen={onOpen}
    >
      <button type="button">@NASA on Instagram</button>
    </AccountList>
  );
}

// By role, thousands of accounts would take seconds.
const inGrid = (selector: string) => [...document.querySelectorAll<HTMLElement>(`[role=grid] ${selector}`)];
const rows = () => inGrid('[role=row][data-id]');
const texts = () => rows().map((row) => row.textContent);
const names = () => inGrid('a').map((link) => link.textContent);
const row = (name: string) => {
  const found = rows().find((one) => within(one).queryByText(name));
  if (!found) {
    throw new Error(`no row ${name}`);
  }
  return found;
};
const totals = () =>
  [...document.querySelectorAll('.totals > div')].map((one) => {
    const seen = one.querySelector('dd [aria-hidden]') ?? one.querySelector('dd');
    return `${seen?.textContent} ${one.querySelector('dt')?.textContent}`;
  });

describe('a row', () => {
  test('shows name, platform, type, time and followers', () => {
    render(<List accounts={ready(examples('valid'))} />);
    const nasa = row('NASA').textContent;
    expect(nasa).toContain('@nasa · Instagram · Competitor');
    expect(nasa).toContain('97,000,000 followers');
    expect(nasa).toContain('5m ago');
  });

  test('links to its account', () => {
    render(<List accounts={ready([makeAccount({ id: 'a/b', displayName: 'One' })])} />);
    expect(screen.getByRole('link', { name: 'One' }).getAttribute('href')).toBe('#/accounts/a%2Fb');
  });

  test('says growth with a sign and a share', () => {
    const growth = { since: '2026-01-01', f1: null, f7: 1_500, f30: -30_000, v1: null, v7: null, v30: null };
    render(<List accounts={ready([makeAccount({ displayName: 'One', followerCount: 301_500, growth })])} />);
    expect(row('One').textContent).toContain('+1,500 followers in 7 days, +0.5%');
    expect(row('One').textContent).toContain('−30,000 followers in 30 days, −9%');
    expect(row('One').querySelector('.week .gain')?.className).toBe('gain up');
    expect(row('One').querySelector('.month .gain')?.className).toBe('gain down');
  });

  test('of what is not known has no 0 and no share', () => {
    render(<List accounts={ready([makeAccount({ displayName: 'One', recentFollowers: [null, null] })])} />);
    const text = row('One').textContent;
    expect(text).toContain('followers not known');
    expect(text).toContain('Growth in 7 days unknown');
    expect(text).toContain('Too few days for a line');
    expect(text).toContain('Not refreshed yet');
    expect(text).not.toMatch(/\b0\b|%/);
  });

  test('draws the last 30 days, with gaps', () => {
    const recentFollowers = [10, 20, null, 30];
    render(<List accounts={ready([makeAccount({ displayName: 'One', recentFollowers, lastSyncedAt: SYNCED })])} />);
    const line = within(row('One')).getByRole('img');
    expect(line.getAttribute('aria-label')).toContain('Nov 20, 2026');
    expect(line.getAttribute('aria-label')).toContain('Nov 23, 2026');
    expect(line.querySelector('path')?.getAttribute('d')).toMatch(/^M89\.\S+ \S+L93\.\S+ \S+$/); // of 30 days, the last four
  });

  test('marks what needs attention, and a spike for a week', () => {
    const spikes = { followers: { day: '2026-11-16', change: 5_000, usual: 100 }, views: null };
    const usernameHistory = [{ username: 'old', until: null }];
    const account = makeAccount({ displayName: 'One', unavailable: 'private', spikes, usernameHistory });
    render(<List accounts={ready([account])} />);
    expect(row('One').textContent).toContain('Private+5K followers in a day (Nov 16), usually +100was @old');
    vi.setSystemTime(new Date('2026-11-24T00:00:01Z'));
    act(() => vi.advanceTimersByTime(1_000));
    expect(row('One').textContent).toContain('Privatewas @old');
  });

  test('goes on with its time by ticks alone', () => {
    render(<List accounts={ready(examples('valid'))} />);
    vi.setSystemTime(SYNCED.getTime() + 3_600_000);
    act(() => vi.advanceTimersByTime(1_000));
    expect(row('NASA').textContent).toContain('1h ago');
  });

  test('of an odd account is shown as far as it can be', () => {
    render(<List accounts={ready(examples('odd'))} />);
    expect(texts()).toHaveLength(examplesOf('account').odd.length);
    expect(texts().join()).not.toMatch(/undefined|NaN|null|threads|partner/);
  });

  test('opens by a click anywhere but on its controls', () => {
    const onOpen = vi.fn();
    render(<List accounts={ready([makeAccount({ id: 'one', displayName: 'One' })])} onOpen={onOpen} />);
    fireEvent.click(screen.getByRole('checkbox'));
    fireEvent.click(screen.getByRole('link', { name: 'One' }));
    expect(onOpen).not.toHaveBeenCalled();
    fireEvent.click(row('One').querySelector('.followers') as Element);
    expect(onOpen).toHaveBeenCalledExactlyOnceWith('one');
  });
});

describe('search, filters and order', () => {
  test('leave the accounts that match, and their totals', () => {
    render(<List accounts={ready(examples('valid'), true)} />);
    expect(screen.getByText(/These are the 3 that were added last/)).toBeTruthy();
    const search = screen.getByLabelText('Search accounts');
    fireEvent.change(search, { target: { value: ' @TIK' } });
    expect(names()).toHaveLength(1);
    expect(totals()[0]).toBe('1 of 3 accounts');
    expect(screen.getByText('1 of 3 accounts match.')).toBeTruthy();
    fireEvent.change(search, { target: { value: 'nobody' } });
    expect(screen.queryByRole('grid')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Show all accounts' }));
    expect(names()).toHaveLength(3);
  });

  test('can be chosen from lists', () => {
    const accounts = [
      makeAccount({ displayName: 'Small', followerCount: 1, accountType: 'my' }),
      makeAccount({ id: '2', displayName: 'Big', followerCount: 2, platform: 'tiktok', accountType: 'competitor' }),
    ];
    render(<List accounts={ready(accounts)} />);
    fireEvent.change(screen.getByLabelText('Sort accounts'), { target: { value: 'followers' } });
    expect(names()).toEqual(['Big', 'Small']);
    fireEvent.click(screen.getByRole('button', { name: 'Reverse the order' }));
    expect(names()).toEqual(['Small', 'Big']);
    fireEvent.change(screen.getByLabelText('Platform of the accounts'), { target: { value: 'tiktok' } });
    expect(names()).toEqual(['Big']);
    fireEvent.change(screen.getByLabelText('Platform of the accounts'), { target: { value: '' } });
    fireEvent.change(screen.getByLabelText('Whose accounts'), { target: { value: 'my' } });
    expect(names()).toEqual(['Small']);
  });

  test('by a head of a column turn round at the second press', () => {
    const accounts = [
      makeAccount({ displayName: 'Small', followerCount: 1 }),
      makeAccount({ id: '2', displayName: 'Big', followerCount: 2 }),
      makeAccount({ id: '3', displayName: 'Hidden' }),
    ];
    render(<List accounts={ready(accounts)} />);
    const head = () => screen.getByRole('columnheader', { name: 'Followers' });
    expect(head().getAttribute('aria-sort')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Followers' }));
    expect(names()).toEqual(['Big', 'Small', 'Hidden']);
    expect(head().getAttribute('aria-sort')).toBe('descending');
    fireEvent.click(screen.getByRole('button', { name: 'Followers' }));
    expect(names()).toEqual(['Small', 'Big', 'Hidden']);
    expect(head().getAttribute('aria-sort')).toBe('ascending');
  });

  test('show what needs attention, if anything does', () => {
    const { rerender } = render(<List accounts={ready([makeAccount({ displayName: 'One' })])} />);
    expect(screen.queryByRole('button', { name: /Needs attention/ })).toBeNull();
    const gone = makeAccount({ id: '2', displayName: 'Gone', unavailable: 'not_found' });
    rerender(<List accounts={ready([makeAccount({ displayName: 'One' }), gone])} />);
    const button = screen.getByRole('button', { name: 'Needs attention 1' });
    fireEvent.click(button);
    expect(names()).toEqual(['Gone']);
    expect(button.getAttribute('aria-pressed')).toBe('true');
  });
});

describe('thousands of accounts', () => {
  const MANY = makeAccounts(5_000, SYNCED);

  function scrollTo(y: number): void {
    const frame = document.querySelector('.rows-of-accounts') as Element;
    vi.spyOn(frame, 'getBoundingClientRect').mockReturnValue({ top: -y } as DOMRect);
    act(() => window.dispatchEvent(new Event('scroll')));
  }
  const places = () => rows().map((one) => Number(one.getAttribute('aria-rowindex')));

  test('are counted, and drawn only near the window', () => {
    render(<List accounts={ready(MANY)} />);
    expect(screen.getByRole('grid').getAttribute('aria-rowcount')).toBe('5001');
    expect(rows().length).toBeLessThan(WINDOW_ROWS);
    expect(places()[0]).toBe(2);
    const frame = document.querySelector<HTMLElement>('.rows-of-accounts');
    expect(frame?.style.height).toBe('300000px');
  });

  test('are drawn where the page is scrolled to', () => {
    render(<List accounts={ready(MANY)} />);
    scrollTo(60 * 2_500);
    expect(rows().length).toBeLessThan(WINDOW_ROWS);
    expect(places()).toContain(2_502);
    expect(places()).toContain(2_502 + Math.floor(window.innerHeight / 60));
    const shown = rows().find((one) => one.getAttribute('aria-rowindex') === '2502');
    expect(shown?.style.transform).toBe('translateY(150000px)');
  });

  test('keep the row that has the focus, out of sight', () => {
    render(<List accounts={ready(MANY)} />);
    const [link] = inGrid('a');
    act(() => link?.focus());
    scrollTo(60 * 2_500);
    expect(document.activeElement).toBe(link);
    expect(link?.isConnected).toBe(true);
    expect(places()[0]).toBe(2);
  });

  test('that a filter makes few are all drawn', () => {
    render(<List accounts={ready(MANY)} />);
    scrollTo(60 * 4_990);
    fireEvent.change(screen.getByLabelText('Search accounts'), { target: { value: 'tundra botanics 6' } });
    expect(names().length).toBeGreaterThan(0);
    expect(names().length).toBe(Number(screen.getByRole('grid').getAttribute('aria-rowcount')) - 1);
  });

  test('are reached by keys, with one stop for Tab', async () => {
    render(<List accounts={ready(MANY)} />);
    const person = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    const stops = [...inGrid('input'), ...inGrid('a')].filter((one) => one.tabIndex === 0);
    expect(stops).toHaveLength(2);
    act(() => stops.at(-1)?.focus());
    const place = () => document.activeElement?.closest('[role=row]')?.getAttribute('aria-rowindex');
    for (const [key, row] of [
      ['ArrowDown', '3'],
      ['PageDown', '13'],
      ['ArrowUp', '12'],
      ['End', '5001'],
      ['ArrowDown', '5001'],
      ['PageUp', '4991'],
      ['Home', '2'],
      ['ArrowUp', '2'],
    ]) {
      await person.keyboard(`{${key}}`);
      expect(place()).toBe(row);
      expect(document.activeElement?.tagName).toBe('A');
    }
    await person.keyboard('{ArrowLeft}{ArrowDown}');
    expect(place()).toBe('3');
    expect(document.activeElement?.getAttribute('type')).toBe('checkbox');
    await person.keyboard('{ArrowRight}');
    expect(document.activeElement?.tagName).toBe('A');
  });

  test('give the focus back to the one that was open', () => {
    render(<List accounts={ready(MANY)} lastOpenedId="account_3000" />);
    expect(document.activeElement?.getAttribute('href')).toBe('#/accounts/account_3000');
  });
});

describe('a comparison', () => {
  const few = Array.from({ length: 7 }, (_, number) =>
    makeAccount({ id: `id${number}`, displayName: `Number ${number}` }),
  );
  const choose = (number: number) =>
    fireEvent.click(screen.getByRole('checkbox', { name: `Compare Number ${number}` }));
  const bar = () => within(screen.getByRole('region', { name: 'Comparison' }));

  test('needs two accounts, and links to itself', () => {
    render(<List accounts={ready(few)} />);
    expect(screen.queryByRole('region', { name: 'Comparison' })).toBeNull();
    choose(3);
    expect(bar().getByText('Choose one more to compare')).toBeTruthy();
    expect(bar().queryByRole('link')).toBeNull();
    choose(1);
    expect(bar().getByRole('link', { name: 'Compare 2' }).getAttribute('href')).toBe('#/compare?ids=id3,id1');
    fireEvent.click(bar().getByRole('button', { name: 'Take Number 3 out of the comparison' }));
    expect(bar().queryByRole('link')).toBeNull();
    fireEvent.click(bar().getByRole('button', { name: 'Clear' }));
    expect(screen.queryByRole('region', { name: 'Comparison' })).toBeNull();
  });

  test('has five accounts at most', () => {
    render(<List accounts={ready(few)} />);
    for (const number of [0, 1, 2, 3, 4, 5]) {
      choose(number);
    }
    expect(bar().getByRole('link').getAttribute('href')).toBe('#/compare?ids=id0,id1,id2,id3,id4');
    expect(screen.getByRole('checkbox', { name: 'Compare Number 6' }).getAttribute('aria-disabled')).toBe('true');
    choose(0);
    choose(6);
    expect(bar().getByRole('link').getAttribute('href')).toBe('#/compare?ids=id1,id2,id3,id4,id6');
  });

  test('forgets an account that was removed', () => {
    const { rerender } = render(<List accounts={ready(few)} />);
    choose(0);
    choose(1);
    rerender(<List accounts={ready(few.slice(1))} />);
    expect(bar().getByText('Choose one more to compare')).toBeTruthy();
    choose(2);
    expect(bar().getByRole('link').getAttribute('href')).toBe('#/compare?ids=id1,id2');
  });
});

describe('the export', () => {
  test('has exactly the accounts that are seen, in their order', async () => {
    const saved: Blob[] = [];
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
      saved.push(blob as Blob);
      return 'blob:x';
    });
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
    const accounts = [
      makeAccount({ id: '1', username: 'small', followerCount: 1, accountType: 'my' }),
      makeAccount({ id: '2', username: 'big', followerCount: 2, accountType: 'my' }),
      makeAccount({ id: '3', username: 'other', followerCount: 3, accountType: 'competitor' }),
    ];
    render(<List accounts={ready(accounts)} view={{ type: 'my', sort: 'followers' }} />);
    fireEvent.click(screen.getByRole('button', { name: 'Export CSV' }));
    const lines = (await saved[0]?.text())?.trimEnd().split('\r\n') ?? [];
    expect(lines.slice(1).map((line) => line.split(',')[2])).toEqual(['big', 'small']);
  });
});

describe('a list', () => {
  test('without accounts offers samples', () => {
    render(<List accounts={ready([])} />);
    expect(screen.getByText(/^No accounts yet\./)).toBeTruthy();
    expect(screen.getByRole('button', { name: '@NASA on Instagram' })).toBeTruthy();
    expect(screen.queryByRole('searchbox')).toBeNull();
  });

  test('that is offline promises nothing', () => {
    render(<List accounts={{ status: 'ready', items: [], hasMore: false, isStale: true }} />);
    expect(screen.getByText(/^There is no connection\./)).toBeTruthy();
    expect(screen.queryByText(/^No accounts yet\./)).toBeNull();
  });

  test('that failed says why', () => {
    render(<List accounts={{ status: 'failed', sentence: 'You are not allowed.' }} />);
    expect(screen.getByRole('alert').textContent).toBe('You are not allowed.');
  });

  test('that loads has a shape', () => {
    const { container } = render(<List accounts={{ status: 'loading' }} />);
    expect(screen.getByText('Loading…').className).toBe('unseen');
    expect(container.querySelectorAll('.shape')).toHaveLength(8);
    expect(screen.getByRole('region', { name: 'Accounts' }).getAttribute('aria-busy')).toBe('true');
  });

  test('says the totals of what is known', () => {
    const growth = { since: '2026-01-01', f1: null, f7: 1_000, f30: null, v1: null, v7: null, v30: null };
    const accounts = [makeAccount({ followerCount: 9_000, growth }), makeAccount({ id: '2' })];
    render(<List accounts={ready(accounts)} />);
    expect(totals()).toEqual(['2 accounts', '9K followers', '+1K gained in 7 days by 1 account']);
  });
});
