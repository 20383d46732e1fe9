/** Entry `account-tracking/news-panel`: the pages of webhooks and mail settings, with React. */

export { DeliveryLog, type DeliveryLogProps } from './news/DeliveryLog';
export {
  NotificationPreferences,
  type NotificationPreferencesProps,
} from './news/NotificationPreferences';
export type { NewsAccess } from './news/newsAccess';
export type { NewsPageProps, NewsProject } from './news/newsContext';
export { englishNewsLabels, type NewsLabels } from './news/newsLabels';
export { WebhookEndpoints, type WebhookEndpointsProps } from './news/WebhookEndpoints';
