import type { Auth } from 'firebase/auth';
import type { QuerySnapshot } from 'firebase/firestore';
import type { TrackingJobError } from './errors';
import type { TrackingJob } from './job';
import { readJobs } from './jobDocuments';
import { isRefusal, type Open, openRetryingListener, type Unsubscribe } from './retryingListener';

/** Whether what a listener shows comes from the server, or is the last that was known before the connection went. */
export type Connection = 'live' | 'reconnecting';

export type OnJobs = (jobs: TrackingJob[], connection: Connection) => void;
export type OnError = (error: TrackingJobError) => void;

interface Watcher {
  onJobs: OnJobs;
  onError: OnError;
}

/** What the cache holds waits this long for the server's answer, so that nothing flickers on a page's first load. */
const FIRST_ANSWER_MS = 2_000;

/**
 * One project's jobs, listened to once for all who watch. Watchers are told asynchronously, each in a task of its own:
 * one that throws does not keep the jobs from the others.
 */
export class ProjectJobs {
  readonly #watchers = new Set<Watcher>();
  readonly #stop: Unsubscribe;
  #shown: { jobs: TrackingJob[]; connection: Connection } | null = null;
  #error: TrackingJobError | null = null;
  #firstAnswer: ReturnType<typeof setTimeout> | undefined;

  constructor(open: Open<QuerySnapshot>, auth?: Auth) {
    this.#stop = openRetryingListener(
      open,
      (snapshot) => this.#receive(snapshot),
      (error) => this.#fail(error),
      auth,
    );
  }

  /** A late watcher hears at once what the others have heard last. */
  add(onJobs: OnJobs, onError: OnError): Watcher {
    const watcher = { onJobs, onError };
    this.#watchers.add(watcher);
    this.#tellJobs(watcher);
    this.#tellError(watcher);
    return watcher;
  }

  /** Whether anybody is left. When not, the listener is released. */
  remove(watcher: Watcher): boolean {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) {
      return true;
    }
    clearTimeout(this.#firstAnswer);
    this.#stop();
    return false;
  }

  #receive(snapshot: QuerySnapshot): void {
    clearTimeout(this.#firstAnswer);
    const jobs = readJobs(snapshot.docs);
    if (!snapshot.metadata.fromCache) {
      this.#error = null;
      this.#show(jobs, 'live');
    } else if (this.#shown) {
      this.#show(jobs, 'reconnecting');
    } else {
      this.#firstAnswer = setTimeout(() => this.#show(jobs, 'reconnecting'), FIRST_ANSWER_MS);
    }
  }

  /** What one may no longer read is no longer shown. */
  #fail(error: TrackingJobError): void {
    clearTimeout(this.#firstAnswer);
    this.#error = error;
    this.#show(isRefusal(error) ? [] : (this.#shown?.jobs ?? []), 'reconnecting');
    for (const watcher of this.#watchers) {
      this.#tellError(watcher);
    }
  }

  #show(jobs: TrackingJob[], connection: Connection): void {
    this.#shown = { jobs, connection };
    for (const watcher of this.#watchers) {
      this.#tellJobs(watcher);
    }
  }

  #tellJobs(watcher: Watcher): void {
    const shown = this.#shown;
    if (shown) {
      this.#soon(watcher, () => watcher.onJobs([...shown.jobs], shown.connection));
    }
  }

  #tellError(watcher: Watcher): void {
    const error = this.#error;
    if (error) {
      this.#soon(watcher, () => watcher.onError(error));
    }
  }

  #soon(watcher: Watcher, tell: () => void): void {
    queueMicrotask(() => {
      if (this.#watchers.has(watcher)) {
        tell();
      }
    });
  }
}
