/** An account's videos as a CSV file. */

import type { TrackedVideo } from '../src/account';
import { type CsvCell, toCsv } from '../src/charts/csv';

const COLUMNS: Readonly<Record<string, (video: TrackedVideo) => CsvCell>> = {
  id: ({ id }) => id,
  url: ({ url }) => url,
  title: ({ title }) => title,
  caption: ({ caption }) => caption,
  type: ({ mediaType }) => mediaType,
  published: ({ publishedAt }) => publishedAt?.toISOString() ?? null,
  seconds: ({ durationS }) => durationS,
  views: ({ viewCount }) => viewCount,
  likes: ({ likeCount }) => likeCount,
  comments: ({ commentCount }) => commentCount,
  shares: ({ shareCount }) => shareCount,
  saves: ({ saveCount }) => saveCount,
  hashtags: ({ hashtags }) => hashtags.join(' '),
  pinned: ({ isPinned }) => isPinned,
  gained1Day: ({ d1 }) => d1,
  gained7Days: ({ d7 }) => d7,
  multiplier: ({ multiplier }) => multiplier,
  viewsAfter24Hours: ({ viewsAt24h }) => viewsAt24h,
  viewsAfter7Days: ({ viewsAt7d }) => viewsAt7d,
  goneSince: ({ unavailableSince }) => unavailableSince?.toISOString() ?? null,
};

/** Write the videos as CSV (RFC 4180), with a line of names above them. A value that is not known is empty. */
export function csvOf(videos: readonly TrackedVideo[]): string {
  const columns = Object.values(COLUMNS);
  return toCsv([Object.keys(COLUMNS), ...videos.map((video) => columns.map((column) => column(video)))]);
}
