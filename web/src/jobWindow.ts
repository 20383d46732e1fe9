import { onSnapshot, type Query, type QuerySnapshot } from 'firebase/firestore';
import { FINISHED, type JobStatus } from './job';
import type { Open, Unsubscribe } from './retryingListener';

/** How many of a project's newest jobs are asked for. */
export const NEWEST = 200;
/** A project that has more at work than this is not shown whole. */
const WIDEST = 1_600;

/**
 * Listens to the newest jobs, and to more of them for as long as the oldest of these is not finished: the queue takes
 * the oldest first, so of many that were made at once those at work are not among the newest.
 *
 * `newest`: the query for so many. The narrower listener goes on until the wider one has its answer.
 */
export function openWindow(newest: (count: number) => Query): Open<QuerySnapshot> {
  return (tell, fail) => {
    const listeners = new Map<number, Unsubscribe>();
    let shown = NEWEST;

    function listen(count: number): void {
      const options = { includeMetadataChanges: true };
      const stop = onSnapshot(newest(count), options, (snapshot) => receive(count, snapshot), giveUp);
      listeners.set(count, stop);
    }

    function receive(count: number, snapshot: QuerySnapshot): void {
      const isAnswer = !snapshot.metadata.fromCache;
      if (isAnswer && count > shown) {
        listeners.get(shown)?.();
        listeners.delete(shown);
        shown = count;
      }
      if (count !== shown) {
        return;
      }
      tell(snapshot);
      if (isAnswer && isCutShort(snapshot, count) && count < WIDEST && !listeners.has(2 * count)) {
        listen(2 * count);
      }
    }

    function giveUp(thrown: unknown): void {
      stop();
      fail(thrown);
    }

    function stop(): void {
      for (const stopOne of listeners.values()) {
        stopOne();
      }
      listeners.clear();
    }

    listen(NEWEST);
    return stop;
  };
}

function isCutShort({ docs }: QuerySnapshot, count: number): boolean {
  return docs.length === count && !FINISHED.includes(docs.at(-1)?.get('status') as JobStatus);
}
