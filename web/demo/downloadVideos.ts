import type { TrackedAccount, TrackedVideo } from '../src/account';
import { TrackingJobError } from '../src/errors';
import {
  type AccountScope,
  type AccountSource,
  type Newest,
  type ProjectScope,
  watchVideos,
} from '../src/watchAccounts';
import { withTimeout } from '../src/withTimeout';
import { saveCsv } from './saveFile';
import { csvOf } from './videoTable';

/** Greatest number of videos in a file. Each video is one read, which Firestore charges. */
const MOST = 20_000;

/** Save all videos of an account as a CSV file. Rejects with a TrackingJobError. */
export async function downloadVideos(
  source: AccountSource,
  scope: ProjectScope,
  account: TrackedAccount,
): Promise<void> {
  const { items, hasMore } = await allVideos(source, { ...scope, accountId: account.id });
  if (hasMore) {
    const message = `This account has more than ${MOST} videos, too many for one file.`;
    throw new TrackingJobError('unexpected', { message });
  }
  saveCsv(`${account.username}-${account.platform}-videos.csv`, csvOf(items));
}

/** Read the videos once, from the server. */
function allVideos(source: AccountSource, scope: AccountScope): Promise<Newest<TrackedVideo>> {
  let stop = () => {};
  const answer = new Promise<Newest<TrackedVideo>>((resolve, reject) => {
    const onVideos = (videos: Newest<TrackedVideo>) => videos.connection === 'live' && resolve(videos);
    stop = watchVideos(source, { ...scope, newest: MOST }, onVideos, reject);
  });
  return withTimeout(answer).finally(() => stop());
}
