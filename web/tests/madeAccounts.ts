/** Made-up accounts for the gallery, the tests and the bench: the same ones each time. */

import type { DocumentSnapshot } from 'firebase/firestore';
import type { TrackedAccount } from '../src/account';
import { readAccount } from '../src/accountDocuments';
import { PLATFORMS } from '../src/job';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS = 30;
const WORDS = ['Northwind', 'Orbit', 'Lumen', 'Harbor', 'Cedar', 'Atlas', 'Juniper', 'Quarry', 'Saffron', 'Tundra'];
const KINDS = ['Studio', 'Kitchen', 'Cycling', 'Journal', 'Outdoors', 'Labs', 'Radio', 'Botanics'];

/** Make an account from some of its fields. */
export function makeAccount(fields: Partial<TrackedAccount> = {}): TrackedAccount {
  const username = fields.username ?? 'nasa';
  const platform = fields.platform === undefined ? 'instagram' : fields.platform;
  const id = fields.id ?? `${platform}_${username}`;
  const empty = readAccount({ id, data: () => ({}) } as unknown as DocumentSnapshot);
  return { ...empty, platform, username, displayName: username, ...fields };
}

/** Make `count` accounts that were added one an hour before `now`, with growth, spikes and gaps here and there. */
export function makeAccounts(count: number, now: Date): TrackedAccount[] {
  return Array.from({ length: count }, (_, index) => {
    const chance = (salt: number) => fraction(index * 7 + salt);
    const size = Math.round(10 ** (2.5 + 5 * chance(1)));
    const pace = (chance(2) - 0.2) * 0.02;
    const followers = Array.from({ length: DAYS }, (_, day) =>
      chance(100 + day) > 0.96
        ? null
        : Math.round(size * (1 - pace * (1 - day / DAYS)) * (1 + 0.001 * chance(200 + day))),
    );
    followers[DAYS - 1] = size;
    const gained = (days: number) => size - (followers[DAYS - 1 - days] ?? size);
    const name = `${WORDS[index % WORDS.length]} ${KINDS[Math.floor(index / WORDS.length) % KINDS.length]}`;
    const number = Math.floor(index / (WORDS.length * KINDS.length));
    const isOld = chance(3) > 0.05;
    return makeAccount({
      id: `account_${index}`,
      platform: PLATFORMS[index % PLATFORMS.length] ?? 'youtube',
      username: `${name.toLowerCase().replace(' ', '_')}${number || ''}`,
      displayName: number ? `${name} ${number}` : name,
      isVerified: chance(4) > 0.8,
      accountType: chance(5) > 0.7 ? 'my' : 'competitor',
      followerCount: size,
      recentFollowers: isOld ? followers : [size],
      growth: {
        since: '2026-01-01',
        f1: null,
        f7: isOld ? gained(7) : null,
        f30: isOld ? gained(29) : null,
        v1: null,
        v7: null,
        v30: null,
      },
      lastSyncedAt: new Date(now.getTime() - chance(6) * DAY_MS),
      dateAdded: new Date(now.getTime() - index * 3_600_000),
    });
  });
}

/** Return a number from 0 to 1 that looks like chance. */
function fraction(seed: number): number {
  const turned = Math.sin(seed * 12.9898 + 78.233) * 43_758.5453;
  return turned - Math.floor(turned);
}
