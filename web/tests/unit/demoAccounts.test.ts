/** The demo's choice, order, totals and comparison of accounts. */

import type { DocumentSnapshot } from 'firebase/firestore';
import { describe, expect, it } from 'vitest';
import { totalsOf, viewOf, WHOLE } from '../../demo/accountView';
import { findOpenJob, whyNotTracked } from '../../demo/matching';
import type { TrackedAccount } from '../../src/account';
import { readAccount } from '../../src/accountDocuments';
import { makeJob } from './panelJobs';

function account(fields: Partial<TrackedAccount>): TrackedAccount {
  const id = `${fields.platform}_${fields.username}`;
  const odd = readAccount({ id, data: () => ({}) } as unknown as DocumentSnapshot);
  return { ...odd, displayName: fields.username ?? '', ...fields };
}

const nasa = account({ platform: 'instagram', username: 'nasa', displayName: 'NASA', followerCount: 5, postCount: 7 });
const esa = account({ platform: 'instagram', username: 'esa', followerCount: null, accountType: 'my' });
const cspan = account({
  platform: 'youtube',
  username: 'CSPAN',
  platformUserId: 'UC_x5XG1OV2P6uZZ5FSM9Ttw',
  followerCount: 9,
  lastSyncedAt: new Date(0),
});
const ALL = [nasa, esa, cspan];

describe('the view', () => {
  it.each([
    [{}, [nasa, esa, cspan]],
    [{ search: '@NAS' }, [nasa]],
    [{ search: 'sa' }, [nasa, esa]],
    [{ only: 'my' }, [esa]],
    [{ only: 'youtube' }, [cspan]],
    [{ order: 'name' }, [cspan, esa, nasa]],
    [{ order: 'followers' }, [cspan, nasa, esa]],
    [{ order: 'synced' }, [cspan, nasa, esa]],
  ] as const)('%j', (view, shown) => {
    expect(viewOf(ALL, { ...WHOLE, ...view })).toEqual(shown);
    expect(ALL).toEqual([nasa, esa, cspan]);
  });
});

describe('totals', () => {
  it('are of each platform and of all, without what is not known', () => {
    expect(totalsOf(ALL)).toEqual([
      { name: 'Instagram', accounts: 2, followers: 5, posts: 7, views: null },
      { name: 'YouTube', accounts: 1, followers: 9, posts: null, views: null },
      { name: 'All', accounts: 3, followers: 14, posts: 7, views: null },
    ]);
  });

  it('of one platform are not repeated', () => {
    expect(totalsOf([nasa]).map(({ name }) => name)).toEqual(['Instagram']);
  });
});

describe('an account', () => {
  const job = makeJob({ username: 'https://www.instagram.com/NASA/', platform: 'instagram', status: 'pending' });
  const busy = 'nasa on Instagram is already being tracked.';
  const listed = 'nasa on Instagram is already in your list. Open it there to sync it again.';

  it.each([
    ['with a waiting job', '@nasa', [job], [], busy],
    ['with a running job', '@nasa', [makeJob({ ...job, status: 'processing' })], [nasa], busy],
    ['with a failed job', '@nasa', [makeJob({ ...job, status: 'failed' })], [], null],
    ['in the list', 'instagram.com/nasa', [], ALL, listed],
    ['of nobody yet', 'jaxa', [job], ALL, null],
  ] as const)('%s', (_, typed, jobs, accounts, sentence) => {
    expect(whyNotTracked(typed, 'instagram', jobs, accounts)).toBe(sentence);
  });

  it('of another platform is another one', () => {
    expect(whyNotTracked('nasa', 'tiktok', [job], ALL)).toBeNull();
  });

  it('on YouTube has a handle and a channel ID', () => {
    const byId = makeJob({ username: 'UC_x5XG1OV2P6uZZ5FSM9Ttw', platform: 'youtube', status: 'pending' });
    expect(findOpenJob([byId], cspan)).toBe(byId);
    expect(whyNotTracked('@cspan', 'youtube', [byId], ALL)).toBe('cspan on YouTube is already being tracked.');
    expect(whyNotTracked('youtube.com/channel/UC_x5XG1OV2P6uZZ5FSM9Ttw', 'youtube', [], ALL)).toContain('in your list');
  });
});
