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
  save(`${account.username}-${account.platform}-videos.csv`, csvOf(items));
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

/** Let the browser save a CSV text as a file. */
export function save(name: string, text: string): void {
  const byteOrderMark = '\ufeff'; // without it Excel takes the text for another encoding
  const address = URL.createObjectURL(new Blob([byteOrderMark, text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
