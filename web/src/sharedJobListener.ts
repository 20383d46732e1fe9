import type { Auth } from 'firebase/auth';
import type { QuerySnapshot } from 'firebase/firestore';
import type { TrackingJobError } from './errors';
import type { TrackingJob } from './job';
import { readJobs } from './jobDocuments';
import { isRefusal, type OnError, type Open, openRetryingListener, type Unsubscribe } from './retryingListener';

/** `live`: the jobs come from the server. `reconnecting`: there is no connection; these are the last known jobs. */
export type Connection = 'live' | 'reconnecting';

export type OnJobs = (jobs: TrackingJob[], connection: Connection) => void;

interface Watcher {
  onJobs: OnJobs;
  onError: OnError;
}

/** If a page's first data come from the cache, this time passes before they are shown: the server may answer first. */
const FIRST_ANSWER_MS = 2_000;

/**
 * One listener for all watchers of a project's jobs. Each watcher is called in a microtask of its own, so that one that
 * throws does not stop the others.
 */
export class SharedJobListener {
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

  /** The project's jobs, if they are as the server has them; else null. */
  get liveJobs(): readonly TrackingJob[] | null {
    return this.#shown?.connection === 'live' ? this.#shown.jobs : null;
  }

  /** Add a watcher. It gets the last known jobs and the last error at once, but asynchronously. */
  add(onJobs: OnJobs, onError: OnError): Watcher {
    const watcher = { onJobs, onError };
    this.#watchers.add(watcher);
    this.#sendJobs(watcher);
    this.#sendError(watcher);
    return watcher;
  }

  /** Remove a watcher. Returns whether any is left; after the last one the listener is released. */
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

  /** Keep the last known jobs after a failure, but none after a refusal: the user may no longer read them. */
  #fail(error: TrackingJobError): void {
    clearTimeout(this.#firstAnswer);
    this.#error = error;
    this.#show(isRefusal(error) ? [] : (this.#shown?.jobs ?? []), 'reconnecting');
    for (const watcher of this.#watchers) {
      this.#sendError(watcher);
    }
  }

  #show(jobs: TrackingJob[], connection: Connection): void {
    this.#shown = { jobs, connection };
    for (const watcher of this.#watchers) {
      this.#sendJobs(watcher);
    }
  }

  #sendJobs(watcher: Watcher): void {
    const shown = this.#shown;
    if (shown) {
      this.#soon(watcher, () => watcher.onJobs([...shown.jobs], shown.connection));
    }
  }

  #sendError(watcher: Watcher): void {
    const error = this.#error;
    if (error) {
      this.#soon(watcher, () => watcher.onError(error));
    }
  }

  #soon(watcher: Watcher, send: () => void): void {
    queueMicrotask(() => {
      if (this.#watchers.has(watcher)) {
        send();
      }
    });
  }
}
