/** The CSV file of an account's videos. */

import type { DocumentSnapshot } from 'firebase/firestore';
import { expect, test } from 'vitest';
import { csvOf } from '../../demo/videoTable';
import type { TrackedVideo } from '../../src/account';
import { readVideo } from '../../src/accountDocuments';

function video(fields: Partial<TrackedVideo>): TrackedVideo {
  return { ...readVideo({ id: 'v', data: () => ({}) } as unknown as DocumentSnapshot), ...fields };
}

test('a CSV file has a line for each video', () => {
  const published = new Date('2026-11-23T12:00:00Z');
  const csv = csvOf([
    video({
      id: '1',
      title: 'Say "hi", all',
      caption: 'two\nlines',
      publishedAt: published,
      viewCount: 0,
      isPinned: true,
      d1: 5,
      d7: -2,
      multiplier: 2.4,
      unavailableSince: published,
    }),
    video({ id: '2', hashtags: ['a', 'b'] }),
  ]);
  expect(csv).toBe(
    'id,url,title,caption,type,published,seconds,views,likes,comments,shares,saves,hashtags,pinned,' +
      'gained1Day,gained7Days,multiplier,viewsAfter24Hours,viewsAfter7Days,goneSince\r\n' +
      '1,,"Say ""hi"", all","two\nlines",video,2026-11-23T12:00:00.000Z,,0,,,,,,true,5,-2,2.4,,,2026-11-23T12:00:00.000Z\r\n' +
      '2,,,,video,,,,,,,,a b,false,,,,,,\r\n',
  );
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])('a caption %j is no formula', (caption) => {
  expect(csvOf([video({ caption })])).toContain(`,'${caption},`);
});
