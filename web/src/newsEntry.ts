/** Entry `account-tracking/news`: webhooks and mails. A page without them loads no part. */

export * from './news';
export {
  DEFAULT_SETTINGS,
  noteSeen,
  saveNotificationSettings,
  watchNotificationSettings,
} from './notificationSettings';
export type { OnError, Unsubscribe } from './retryingListener';
export type { Connection } from './sharedJobListener';
export type { Newest } from './watchNewest';
export { replayDeliveries, replayDelivery, sendTest, watchDeliveries } from './webhookDeliveries';
export { addEndpoint, changeEndpoint, removeEndpoint, rotateSecret, watchEndpoints } from './webhookEndpoints';
export { revealSecret } from './webhooksApi';
export { type UrlProblem, urlProblem } from './webhookUrl';
