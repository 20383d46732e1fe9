/** The demo's choice, order, totals, table, marks and comparison of accounts. */

import { describe, expect, it } from 'vitest';
import { accountsCsv } from '../../demo/accountTable';
import { isFiltered, shareGained, totalsOf, viewOf, WHOLE } from '../../demo/accountView';
import { marksOf } from '../../demo/marks';
import { isBusy, isKnown, whyKnownBy } from '../../demo/matching';
import { makeAccount } from '../madeAccounts';
import { makeJob } from './panelJobs';

const NO_GROWTH = { since: '2026-01-01', f1: null, f7: null, f30: null, v1: null, v7: null, v30: null };
const nasa = makeAccount({
  platform: 'instagram',
  username: 'nasa',
  displayName: 'NASA',
  followerCount: 110,
  growth: { ...NO_GROWTH, f7: 10, f30: -40 },
  dateAdded: new Date(3),
});
const esa = makeAccount({
  platform: 'instagram',
  username: 'esa',
  displayName: 'Agéncia',
  accountType: 'my',
  unavailable: 'not_found',
  dateAdded: new Date(2),
});
const cspan = makeAccount({
  platform: 'youtube',
  username: 'CSPAN',
  displayName: 'CSPAN',
  platformUserId: 'UC_x5XG1OV2P6uZZ5FSM9Ttw',
  followerCount: 9_000,
  growth: { ...NO_GROWTH, f7: 90, f30: 0 },
  lastSyncedAt: new Date(0),
  dateAdded: new Date(1),
});
const ALL = [nasa, esa, cspan];

describe('the view', () => {
  it.each([
    [{}, [nasa, esa, cspan]],
    [{ search: ' @NAS' }, [nasa]],
    [{ search: 'sa' }, [nasa, esa]],
    [{ search: 'agencia' }, [esa]],
    [{ type: 'my' }, [esa]],
    [{ platform: 'youtube' }, [cspan]],
    [{ platform: 'youtube', type: 'my' }, []],
    [{ needsAttention: true }, [esa]],
    [{ isReversed: true }, [cspan, esa, nasa]],
    [{ sort: 'name' }, [esa, cspan, nasa]],
    [{ sort: 'name', isReversed: true }, [nasa, cspan, esa]],
    [{ sort: 'followers' }, [cspan, nasa, esa]],
    [{ sort: 'followers', isReversed: true }, [nasa, cspan, esa]],
    [{ sort: 'f7' }, [cspan, nasa, esa]],
    [{ sort: 'f30' }, [cspan, nasa, esa]],
    [{ sort: 'p7' }, [nasa, cspan, esa]],
    [{ sort: 'p30' }, [cspan, nasa, esa]],
    [{ sort: 'synced' }, [cspan, nasa, esa]],
  ] as const)('%j', (view, shown) => {
    expect(viewOf(ALL, { ...WHOLE, ...view }).map(({ id }) => id)).toEqual(shown.map(({ id }) => id));
    expect(ALL).toEqual([nasa, esa, cspan]);
  });

  it.each([
    [{ sort: 'f7', isReversed: true, search: ' ' }, false],
    [{ search: 'a' }, true],
    [{ platform: 'youtube' }, true],
    [{ type: 'my' }, true],
    [{ needsAttention: true }, true],
  ] as const)('%j leaves accounts out: %s', (view, filters) => {
    expect(isFiltered({ ...WHOLE, ...view })).toBe(filters);
  });
});

describe('the share of followers gained', () => {
  it.each([
    [110, 10, 0.1],
    [90, -10, -0.1],
    [100, 0, 0],
    [10, 10, null], // from nothing
    [0, -5, -1],
    [null, 10, null],
    [10, null, null],
  ])('%s followers after %s is %s', (followerCount, f7, share) => {
    expect(shareGained(makeAccount({ followerCount, growth: { ...NO_GROWTH, f7 } }), 'f7')).toBe(share);
  });

  it('is not known without growth', () => {
    expect(shareGained(makeAccount({ followerCount: 10 }), 'f7')).toBeNull();
  });
});

describe('totals', () => {
  it('leave out what is not known, and say of how many it is', () => {
    expect(totalsOf(ALL)).toEqual({ accounts: 3, followers: 9_110, gained: 100, measured: 2, unavailable: 1 });
  });

  it('of nothing known are not 0', () => {
    expect(totalsOf([esa])).toEqual({ accounts: 1, followers: null, gained: null, measured: 0, unavailable: 1 });
  });
});

describe('the file', () => {
  const cells = (...accounts: Parameters<typeof accountsCsv>[0]) => {
    const [names = '', ...rows] = accountsCsv(accounts).trimEnd().split('\r\n');
    const columns = names.split(',');
    return rows.map((row) => Object.fromEntries(row.split(',').map((cell, index) => [columns[index], cell])));
  };

  it('has accounts in their order, and no guessed values', () => {
    const rows = cells(cspan, nasa, esa);
    expect(rows.map(({ username }) => username)).toEqual(['CSPAN', 'nasa', 'esa']);
    expect(rows[1]).toMatchObject({ followers: '110', followers_7d: '10', followers_7d_percent: '10' });
    expect(rows[1]).toMatchObject({ followers_30d: '-40', followers_30d_percent: '-26.6667', posts: '' });
    expect(rows[2]).toMatchObject({
      followers: '',
      followers_7d: '',
      followers_7d_percent: '',
      unavailable: 'not_found',
    });
  });

  it.each(['=SUM(A1)', '+1', '-1', '@nasa', '\t=1', '＝1'])('stops a spreadsheet from running the name %j', (name) => {
    const [row] = cells(makeAccount({ displayName: name, username: name }));
    expect([row?.name, row?.username]).toEqual([`'${name}`, `'${name}`]);
  });
});

describe('marks', () => {
  const spike = { day: '2026-11-20', change: 5_000, usual: 100 };

  it('say the worst first', () => {
    const account = makeAccount({
      unavailable: 'suspended',
      unavailableSince: new Date('2026-11-12T12:00:00Z'),
      spikes: { followers: spike, views: { ...spike, change: -1_234_567, usual: -20 } },
      usernameHistory: [
        { username: 'first', until: new Date(0) },
        { username: 'second', until: null },
      ],
    });
    expect(marksOf(account).map(({ kind }) => kind)).toEqual(['unavailable', 'spike', 'drop', 'renamed']);
    expect(marksOf(account).map(({ text, detail }) => text + detail)).toEqual([
      'Suspended since Nov 12',
      '+5K followers in a day (Nov 20), usually +100',
      '−1.2M views in a day (Nov 20), usually −20',
      'was @second',
    ]);
  });

  it('of a spike go when its day is a week ago', () => {
    const [mark] = marksOf(makeAccount({ spikes: { followers: spike, views: null } }));
    expect(new Date(mark?.until ?? 0).toISOString()).toBe('2026-11-28T00:00:00.000Z');
  });

  it.each([
    ['not_found', 'Not found'],
    ['private', 'Private'],
    ['name_taken', 'Name taken'],
  ] as const)('of %s need no date', (unavailable, text) => {
    expect(marksOf(makeAccount({ unavailable }))).toEqual([{ kind: 'unavailable', text, detail: '', until: null }]);
  });

  it('are none for an odd spike or a plain account', () => {
    expect(marksOf(makeAccount({ spikes: { followers: { ...spike, day: 'soon' }, views: null } }))).toEqual([]);
    expect(marksOf(nasa)).toEqual([]);
  });
});

describe('an account', () => {
  const job = makeJob({ username: 'https://www.instagram.com/NASA/', platform: 'instagram', status: 'pending' });
  const byId = makeJob({ username: 'UC_x5XG1OV2P6uZZ5FSM9Ttw', platform: 'youtube', status: 'processing' });

  it.each([
    ['instagram.com/nasa', 'instagram', 'nasa on Instagram is already in your list. Open it there to refresh it.'],
    ['youtube.com/channel/UC_x5XG1OV2P6uZZ5FSM9Ttw', 'youtube', expect.stringContaining('already in your list')],
    ['nasa', 'tiktok', null],
    ['jaxa', 'instagram', null],
  ] as const)('%s on %s', (username, platform, sentence) => {
    expect(whyKnownBy(ALL, [])(username, platform)).toEqual(sentence);
  });

  it.each([
    ['by its name', nasa, [job], true],
    ['by its channel ID', cspan, [job, byId], true],
    ['by its document', esa, [makeJob({ username: 'old_name', platform: 'instagram', accountId: esa.id })], true],
    ['of another one', esa, [job, byId], false],
  ] as const)('has a job %s', (_, one, jobs, busy) => {
    expect(isBusy(one, jobs)).toBe(busy);
  });

  it('that a job is fetching needs no other job', () => {
    expect(whyKnownBy([], [job])('@nasa', 'instagram')).toBe('This account is already being tracked.');
    expect(whyKnownBy([], [job])('@nasa', 'tiktok')).toBeNull();
  });

  it('is known by a job or by the list', () => {
    expect(isKnown({ username: '@nasa', platform: 'instagram' }, [job], [])).toBe(true);
    expect(isKnown({ username: '@nasa', platform: 'instagram' }, [], ALL)).toBe(true);
    expect(isKnown({ username: '@nasa', platform: 'tiktok' }, [job], ALL)).toBe(false);
  });
});
