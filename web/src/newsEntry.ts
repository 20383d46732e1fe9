/** Entry `account-tracking/news`: webhooks and mails. A page without them loads no part. */

export * from './news';
export type { OnError, Unsubscribe } from './retryingListener';
export type { Connection } from './sharedJobListener';
export type { Newest } from './watchAccounts';
