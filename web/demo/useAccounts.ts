import { useCallback, useEffect, useState } from 'react';
import type { TrackedAccount } from '../src/account';
import type { TrackingJobError } from '../src/errors';
import type { OnError, Unsubscribe } from '../src/retryingListener';
import { type AccountSource, type Newest, type ProjectScope, watchAccount, watchAccounts } from '../src/watchAccounts';

export type Live<T> =
  | { status: 'loading' }
  | { status: 'failed'; sentence: string }
  /** `isStale`: there is no connection, and these are the last known items. */
  | { status: 'ready'; items: T[]; hasMore: boolean; isStale: boolean };

/** Watch a project's newest accounts. Pass the same `source` object in each render, here and to the hooks below. */
export function useAccounts(source: AccountSource, { orgId, projectId }: ProjectScope, newest: number) {
  const watch = useCallback<Watch<TrackedAccount>>(
    (onNewest, onError) => watchAccounts(source, { orgId, projectId, newest }, onNewest, onError),
    [source, orgId, projectId, newest],
  );
  return useLive(watch);
}

/** Watch one account. Undefined until the first answer; null when there is no such account, and for the id null. */
export function useAccount(source: AccountSource, { orgId, projectId }: ProjectScope, id: string | null) {
  const [known, setKnown] = useState<{ id: string; account: TrackedAccount | null } | null>(null);
  useEffect(() => {
    if (id === null) {
      return;
    }
    const onAccount = (account: TrackedAccount | null) => setKnown({ id, account });
    const onFailure = () => onAccount(null); // the list of accounts shows the reason
    try {
      return watchAccount(source, { orgId, projectId, accountId: id }, onAccount, onFailure);
    } catch {
      onFailure(); // not a valid id: it comes from the page's address, which anybody may edit
      return;
    }
  }, [source, orgId, projectId, id]);
  if (id === null) {
    return null;
  }
  return known?.id === id ? known.account : undefined;
}

type Watch<T> = (onNewest: (newest: Newest<T>) => void, onError: OnError) => Unsubscribe;

/** Return the state of a watch. A new `watch` shows the items of the previous one until its first items arrive. */
function useLive<T>(watch: Watch<T>): Live<T> {
  const [live, setLive] = useState<Live<T>>({ status: 'loading' });
  useEffect(
    () =>
      watch(
        ({ items, hasMore, connection }) =>
          setLive({ status: 'ready', items, hasMore, isStale: connection === 'reconnecting' }),
        (error) => setLive({ status: 'failed', sentence: sentenceOf(error) }),
      ),
    [watch],
  );
  return live;
}

function sentenceOf(error: TrackingJobError): string {
  if (error.code === 'not-allowed') {
    return 'You are not allowed to see this project. Ask its owner for access.';
  }
  return 'This could not be loaded. Reload the page to try again.';
}
