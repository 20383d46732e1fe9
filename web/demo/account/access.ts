import { getVideoHistory } from '../../src/getVideoHistory';
import { refreshNow, setRefresh } from '../../src/refreshes';
import { watchVideos } from '../../src/watchAccounts';
import { watchHistory } from '../../src/watchHistory';
import { downloadVideos } from '../downloadVideos';

/** The calls of the account's page and of the comparison. Tests and the gallery pass their own. */
export interface AccountAccess {
  watchVideos: typeof watchVideos;
  watchHistory: typeof watchHistory;
  getVideoHistory: typeof getVideoHistory;
  setRefresh: typeof setRefresh;
  refreshNow: typeof refreshNow;
  downloadVideos: typeof downloadVideos;
}

export const FIRESTORE_ACCESS: AccountAccess = {
  watchVideos,
  watchHistory,
  getVideoHistory,
  setRefresh,
  refreshNow,
  downloadVideos,
};
