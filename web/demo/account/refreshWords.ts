/** Sentences about the refreshes of an account. */

import type { Cadence, TrackedAccount, Unavailable } from '../../src/account';
import { PLATFORM_LABELS } from '../../src/job';
import { clock, until } from './words';

const HOUR_MS = 60 * 60 * 1000;
/** The refresh tick looks each minute; an account that is due for longer waits for its turn, or nobody looks. */
const SOON_MS = 10 * 60 * 1000;

export const CADENCE_LABELS: Readonly<Record<Cadence, string>> = {
  off: 'Off',
  '6h': 'Every 6 hours',
  daily: 'Daily',
  weekly: 'Weekly',
  auto: 'Automatic',
};
export const DEFAULT_LABEL = 'Default';

const CADENCE_WORDS: Readonly<Record<Cadence, string>> = {
  off: 'The account keeps its last values, and its history gets no new days.',
  '6h': 'The last fetch of a day is the day’s point in the charts.',
  daily: 'Each day has a point in the charts.',
  weekly: 'One day of each week has a point in the charts; the others are gaps.',
  auto: 'As often as the account posts: twice in the usual time between two posts, from every 6 hours to once a week.',
};

export function cadenceWords({ refreshCadence, refreshHours }: TrackedAccount): string {
  const words =
    refreshCadence === null
      ? 'Nobody has chosen yet, so the default of this deployment counts.'
      : CADENCE_WORDS[refreshCadence];
  const isVariable = refreshCadence === 'auto' || refreshCadence === null;
  return isVariable && refreshHours !== null ? `${words} At present: ${every(refreshHours)}.` : words;
}

function every(hours: number): string {
  if (hours % 24 === 0) {
    return hours === 24 ? 'daily' : `every ${hours / 24} days`;
  }
  return hours === 1 ? 'hourly' : `every ${hours} hours`;
}

/** `Next refresh in 5 hours.` */
export function nextRefresh(account: TrackedAccount, now: Date, waitsUntil: Date | null): string {
  const { refreshCadence, nextRefreshAt, unavailable } = account;
  if (refreshCadence === 'off') {
    return 'No next refresh: refreshes are off.';
  }
  if (nextRefreshAt === null) {
    if (unavailable !== null) {
      return 'No next refresh.';
    }
    return 'No next refresh. Choose how often, and it gets one.';
  }
  if (waitsUntil && waitsUntil > now && nextRefreshAt < waitsUntil) {
    return `Next refresh after ${clock(waitsUntil, now)}: today’s budget for refreshes is used up.`;
  }
  const lateMs = now.getTime() - nextRefreshAt.getTime();
  if (lateMs > SOON_MS) {
    return `A refresh is due since ${clock(nextRefreshAt, now)}. It waits for its turn, or refreshes are switched off here; ask your administrator.`;
  }
  return lateMs >= -60_000 ? 'Next refresh within the next minutes.' : `Next refresh ${until(nextRefreshAt, now)}.`;
}

/** The reason why a refresh may not be asked for now; null if it may be. The database decides by its own clock. */
export function whyNotNow(
  { refreshCadence, lastSyncedAt, refreshAskedAt }: TrackedAccount,
  now: Date,
  waitsUntil: Date | null,
): string | null {
  if (refreshCadence === 'off') {
    return 'The refreshes of this account are off.';
  }
  const [synced, asked] = [lastSyncedAt?.getTime() ?? 0, refreshAskedAt?.getTime() ?? 0];
  const from = new Date(Math.max(synced, asked) + HOUR_MS);
  if (from <= now) {
    return null;
  }
  const again = `Again from ${clock(from, now)}.`;
  if (asked <= synced) {
    return `Refreshed within the last hour. ${again}`;
  }
  return `Asked for: it begins ${whenAsked(now, waitsUntil) || 'within the next minutes.'} ${again}`;
}

/** Say until when a refresh that is asked for waits, such as `after 12:00 AM: ...`. Empty if it does not. */
export function whenAsked(now: Date, waitsUntil: Date | null): string {
  return waitsUntil && waitsUntil > now ? `after ${clock(waitsUntil, now)}: today’s budget is used up.` : '';
}

interface Notice {
  title: string;
  text: string;
}

/** The title goes on with the day since when. */
export function unavailableNotice(account: TrackedAccount, reason: Unavailable): Notice {
  const platform = account.platform ? PLATFORM_LABELS[account.platform] : 'The platform';
  const name = `@${account.username}`;
  switch (reason) {
    case 'not_found':
      return {
        title: 'Not found',
        text: `${platform} had no account ${name} on three days, one after the other. It was deleted, or it has another name now. If you know the new name, track that one.`,
      };
    case 'private':
      return {
        title: 'Private',
        text: `Only its followers see its posts and counts now. If it is yours, make it public again.`,
      };
    case 'suspended':
      return { title: 'Suspended', text: `${platform} has suspended this account. Nobody sees its posts for now.` };
    case 'name_taken':
      return {
        title: 'Name taken',
        text: `${name} is somebody else’s account now. So nothing is written here: these values and this history stay those of the account that you tracked. If it has a new name, track that one; to follow the new owner of ${name}, stop tracking this account first.`,
      };
  }
}

/** Say when an unavailable account is looked for again. */
export function nextLook(account: TrackedAccount, now: Date): string {
  const { unavailable, nextRefreshAt, refreshCadence } = account;
  if (unavailable === 'name_taken') {
    return 'It is not looked for again by itself.';
  }
  if (refreshCadence === 'off' || nextRefreshAt === null) {
    return 'It is not looked for again, because its refreshes are off.';
  }
  const when = until(nextRefreshAt, now);
  return `It is looked for again ${when === 'now' ? 'within the next minutes' : when}. Once it is found, it goes on by itself.`;
}
