import { onSnapshot, type Query, type QuerySnapshot } from 'firebase/firestore';
import { FINISHED, type JobStatus, NEWEST_JOBS } from './job';
import type { Open, Unsubscribe } from './retryingListener';

/** The largest window. If a project has more unfinished jobs, the oldest ones are not shown. */
const WIDEST = 1_600;

/**
 * Listen to a project's newest jobs. If the oldest job of this window is not finished, open a window of twice the size.
 * The queue takes the oldest job first. So when many jobs were created at once, the newest ones do not include those
 * that run.
 *
 * `newest` makes the query for a number of jobs. The narrower listener stays until the wider one has its answer.
 */
export function openWindow(newest: (count: number) => Query): Open<QuerySnapshot> {
  return (report, fail) => {
    const listeners = new Map<number, Unsubscribe>();
    let shown: number = NEWEST_JOBS;

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
      report(snapshot);
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

    listen(NEWEST_JOBS);
    return stop;
  };
}

function isCutShort({ docs }: QuerySnapshot, count: number): boolean {
  return docs.length === count && !FINISHED.includes(docs.at(-1)?.get('status') as JobStatus);
}
