/** Marks of an account in words: the first things that somebody should know about it. */

import type { Spike, TrackedAccount, Unavailable } from '../src/account';
import { DAY_MS } from './days';
import { signed } from './format';

/** A `drop` is a spike downwards. */
export type MarkKind = 'unavailable' | 'spike' | 'drop' | 'renamed';

export interface Mark {
  kind: MarkKind;
  text: string;
  /** More, for which a narrow page has no room. */
  detail: string;
  /** When the mark goes, in milliseconds since the epoch; null for one that stays. */
  until: number | null;
}

const WHY: Readonly<Record<Unavailable, string>> = {
  not_found: 'Not found',
  private: 'Private',
  suspended: 'Suspended',
  name_taken: 'Name taken',
};
const DAY = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' });
const UTC_DAY = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });
/** Days for which a spike is news. */
const NEWS_DAYS = 7;

/** Return the account's marks, the most important first. */
export function marksOf(account: TrackedAccount): Mark[] {
  const { spikes, usernameHistory, unavailable, unavailableSince } = account;
  const since = unavailableSince ? ` since ${DAY.format(unavailableSince)}` : '';
  const former = usernameHistory.at(-1);
  return [
    ...(unavailable === null
      ? []
      : [{ kind: 'unavailable', text: WHY[unavailable], detail: since, until: null } as const]),
    ...spikeMarks(spikes.followers, 'followers'),
    ...spikeMarks(spikes.views, 'views'),
    ...(former ? [{ kind: 'renamed', text: `was @${former.username}`, detail: '', until: null } as const] : []),
  ];
}

function spikeMarks(spike: Spike | null, unit: 'followers' | 'views'): Mark[] {
  const started = Date.parse(spike?.day ?? '');
  if (spike === null || Number.isNaN(started)) {
    return [];
  }
  const text = `${signed(spike.change)} ${unit} in a day`;
  const detail = ` (${UTC_DAY.format(started)}), usually ${signed(spike.usual)}`;
  const kind = spike.change < 0 ? 'drop' : 'spike';
  return [{ kind, text, detail, until: started + (NEWS_DAYS + 1) * DAY_MS }];
}
