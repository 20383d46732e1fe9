/** The demo's choice, order, totals and comparison of accounts. */

import type { DocumentSnapshot } from 'firebase/firestore';
import { describe, expect, it } from 'vitest';
import { totalsOf, viewOf, WHOLE } from '../../demo/accountView';
import { isBusy, isKnown, whyListed } from '../../demo/matching';
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
  const byId = makeJob({ username: 'UC_x5XG1OV2P6uZZ5FSM9Ttw', platform: 'youtube', status: 'processing' });

  it.each([
    ['instagram.com/nasa', 'instagram', 'nasa on Instagram is already in your list. Open it there to sync it again.'],
    ['youtube.com/channel/UC_x5XG1OV2P6uZZ5FSM9Ttw', 'youtube', expect.stringContaining('already in your list')],
    ['nasa', 'tiktok', null],
    ['jaxa', 'instagram', null],
  ] as const)('%s on %s', (username, platform, sentence) => {
    expect(whyListed({ username, platform }, ALL)).toEqual(sentence);
  });

  it.each([
    ['by its name', nasa, [job], true],
    ['by its channel ID', cspan, [job, byId], true],
    ['by its document', esa, [makeJob({ username: 'old_name', platform: 'instagram', accountId: esa.id })], true],
    ['of another one', esa, [job, byId], false],
  ] as const)('has a job %s', (_, one, jobs, busy) => {
    expect(isBusy(one, jobs)).toBe(busy);
  });

  it('is known by a job or by the list', () => {
    expect(isKnown({ username: '@nasa', platform: 'instagram' }, [job], [])).toBe(true);
    expect(isKnown({ username: '@nasa', platform: 'instagram' }, [], ALL)).toBe(true);
    expect(isKnown({ username: '@nasa', platform: 'tiktok' }, [job], ALL)).toBe(false);
  });
});
