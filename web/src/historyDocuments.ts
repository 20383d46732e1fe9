/**
 * Readers of history documents. They never throw: an odd value is null, and an odd day or point is as none. So is what
 * a later version adds.
 */

import type { DocumentData, DocumentSnapshot } from 'firebase/firestore';
import { count, moment } from './accountDocuments';
import { DAY_MS } from './day';
import type { HistoryPoint, VideoHistoryPoint } from './history';

/** Return the last UTC days, today included, oldest first. */
export function lastDays(number: number): string[] {
  const today = Date.now();
  return Array.from({ length: number }, (_, index) => dayOf(new Date(today - (number - 1 - index) * DAY_MS)));
}

export function msUntilTomorrow(): number {
  return DAY_MS - (Date.now() % DAY_MS);
}

/** Read an account's documents: those of months, with days, and those of years, with weeks. */
export function readHistory(documents: readonly DocumentSnapshot[], days: readonly string[]): HistoryPoint[] {
  const points = new Map<string, DocumentData | null>();
  for (const document of documents) {
    const { days: ofMonth, weeks }: DocumentData = document.data() ?? {};
    for (const point of Object.values<DocumentData | null>(weeks ?? {})) {
      const at = moment(point?.at);
      if (at) {
        points.set(dayOf(at), point);
      }
    }
    for (const [day, point] of Object.entries<DocumentData | null>(ofMonth ?? {})) {
      points.set(`${document.id}-${day}`, point);
    }
  }
  return days.map((day) => {
    const point = points.get(day) ?? {};
    return {
      day,
      at: moment(point.at),
      followers: count(point.f),
      following: count(point.g),
      posts: count(point.p),
      views: count(point.v),
      newVideos: count(point.n),
      videoViews: count(point.tv),
    };
  });
}

/** Read the points of some videos. Further documents of a month hold further videos. */
export function readVideoHistory(
  documents: readonly DocumentSnapshot[],
  videoIds: readonly string[],
  days: readonly string[],
): Map<string, VideoHistoryPoint[]> {
  const maps = documents.map((document) => ({ month: document.id.slice(0, 7), videos: document.data()?.v }));
  return new Map(
    videoIds.map((videoId) => {
      const points = new Map<string, unknown>();
      for (const { month, videos } of maps) {
        for (const [day, point] of Object.entries(videos?.[videoId] ?? {})) {
          points.set(`${month}-${day}`, point);
        }
      }
      return [videoId, days.map((day) => videoPoint(day, points.get(day)))];
    }),
  );
}

function videoPoint(day: string, point: unknown): VideoHistoryPoint {
  const [views, likes, comments, shares] = Array.isArray(point) ? point : [];
  return { day, views: count(views), likes: count(likes), comments: count(comments), shares: count(shares) };
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
