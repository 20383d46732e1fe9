import { saveNotificationSettings, watchNotificationSettings } from '../notificationSettings';
import { replayDeliveries, replayDelivery, sendTest, watchDeliveries } from '../webhookDeliveries';
import { addEndpoint, changeEndpoint, removeEndpoint, rotateSecret, watchEndpoints } from '../webhookEndpoints';
import { revealSecret } from '../webhooksApi';

/** The calls of `account-tracking/news` that the pages make. Tests and the gallery pass their own. */
export interface NewsAccess {
  watchEndpoints: typeof watchEndpoints;
  addEndpoint: typeof addEndpoint;
  changeEndpoint: typeof changeEndpoint;
  removeEndpoint: typeof removeEndpoint;
  rotateSecret: typeof rotateSecret;
  revealSecret: typeof revealSecret;
  watchDeliveries: typeof watchDeliveries;
  replayDelivery: typeof replayDelivery;
  replayDeliveries: typeof replayDeliveries;
  sendTest: typeof sendTest;
  watchNotificationSettings: typeof watchNotificationSettings;
  saveNotificationSettings: typeof saveNotificationSettings;
}

export const FIRESTORE_NEWS: NewsAccess = {
  watchEndpoints,
  addEndpoint,
  changeEndpoint,
  removeEndpoint,
  rotateSecret,
  revealSecret,
  watchDeliveries,
  replayDelivery,
  replayDeliveries,
  sendTest,
  watchNotificationSettings,
  saveNotificationSettings,
};
