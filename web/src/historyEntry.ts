/** Entry `account-tracking/history`: the days of accounts and videos, for charts. A page without them loads no part. */

export type { AccountScope, AccountSource } from './accountPaths';
export { getVideoHistory } from './getVideoHistory';
export type { HistoryPoint, VideoHistoryPoint } from './history';
export type { OnError, Unsubscribe } from './retryingListener';
export type { Connection } from './sharedJobListener';
export { type AccountHistory, watchHistory } from './watchHistory';
