import { doc, orderBy } from 'firebase/firestore';
import type { TrackedAccount, TrackedVideo } from './account';
import { readAccount, readVideo } from './accountDocuments';
import { type AccountScope, type AccountSource, accountPath, accountsPath, type ProjectScope } from './accountPaths';
import { checkChoice, checkNewest } from './inputChecks';
import { logError, type OnError, type Unsubscribe } from './retryingListener';
import { watchDocument } from './watchDocument';
import { type Newest, watchNewest } from './watchNewest';

export type { AccountScope, AccountSource, Newest, ProjectScope };

const VIDEO_ORDERS = ['newest', 'd7', 'd1', 'multiplier', 'unavailableSince'] as const;

/**
 * The newest videos first; or those with the most of a figure: the views of 7 days or of 1 day, the multiplier; or those
 * that vanished last.
 */
export type VideoOrder = (typeof VIDEO_ORDERS)[number];

const DEFAULT_NEWEST = 50;

/**
 * Watch a project's newest accounts by `dateAdded`: now and after each change. Throws a TrackingJobError
 * `invalid-input` for a wrong id or number. After a failure, passed to `onError`, it tries again by itself.
 */
export function watchAccounts(
  source: AccountSource,
  { newest = DEFAULT_NEWEST, ...scope }: ProjectScope & { newest?: number },
  onAccounts: (accounts: Newest<TrackedAccount>) => void,
  onError: OnError = logError,
): Unsubscribe {
  checkNewest(newest);
  return watchNewest(
    source,
    accountsPath(scope),
    [orderBy('dateAdded', 'desc')],
    newest,
    readAccount,
    onAccounts,
    onError,
  );
}

/**
 * Watch an account's newest videos by `publishedAt`; otherwise as `watchAccounts`. In another `order`, those come last
 * whose value is null, and those are missing that were not fetched since these values are written.
 */
export function watchVideos(
  source: AccountSource,
  { newest = DEFAULT_NEWEST, order = 'newest', ...scope }: AccountScope & { newest?: number; order?: VideoOrder },
  onVideos: (videos: Newest<TrackedVideo>) => void,
  onError: OnError = logError,
): Unsubscribe {
  checkChoice('order', order, VIDEO_ORDERS);
  checkNewest(newest);
  const path = `${accountPath(scope)}/videos`;
  const field = order === 'newest' ? 'publishedAt' : order;
  return watchNewest(source, path, [orderBy(field, 'desc')], newest, readVideo, onVideos, onError);
}

/** Watch one account; null when there is no such account. Otherwise as `watchAccounts`. */
export function watchAccount(
  { firestore, auth }: AccountSource,
  scope: AccountScope,
  onAccount: (account: TrackedAccount | null) => void,
  onError: OnError = logError,
): Unsubscribe {
  return watchDocument(doc(firestore, accountPath(scope)), readAccount, onAccount, onError, auth);
}
