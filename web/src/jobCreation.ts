import { collection, type DocumentReference, doc, type Firestore, getDocFromServer } from 'firebase/firestore';
import { TrackingJobError } from './errors';
import { FINISHED, type TrackingJob } from './job';
import { COLLECTION, type NewJob, newJobFields } from './jobDocuments';
import { checkOnline, transact } from './transactions';
import { accountKey } from './username';
import { withTimeout } from './withTimeout';

/** Function that returns the jobs of the new job's project that wait or run. */
export type FindUnfinished = (job: NewJob) => Promise<readonly TrackingJob[]>;

/**
 * Writer of new jobs. An account that is being tracked already gets no second job. This is a check and no lock: two
 * browsers at the same moment may still make two jobs, which save the same account.
 *
 * Two equal requests make one job in two cases: when they run at the same time, and when the second
 * one repeats a call that failed although its write had arrived.
 */
export class JobCreation {
  readonly #firestore: Firestore;
  readonly #findUnfinished: FindUnfinished;
  readonly #running = new Map<string, Promise<string>>();
  /** Request key -> job that was sent and not confirmed. The job may be written already, or may be written soon. */
  readonly #sent = new Map<string, DocumentReference>();

  constructor(firestore: Firestore, findUnfinished: FindUnfinished) {
    this.#firestore = firestore;
    this.#findUnfinished = findUnfinished;
  }

  /** Write the job; resolves to its id. Rejects with `already-tracked` when another job tracks the account now. */
  create(job: NewJob): Promise<string> {
    const requestKey = JSON.stringify(job);
    const running =
      this.#running.get(requestKey) ?? this.#write(job, requestKey).finally(() => this.#running.delete(requestKey));
    this.#running.set(requestKey, running);
    return running;
  }

  async #write(job: NewJob, requestKey: string): Promise<string> {
    checkOnline();
    await this.#forgetFinished(requestKey);
    const ref = this.#sent.get(requestKey) ?? doc(collection(this.#firestore, COLLECTION));
    await this.#checkNotTracked(job, ref.id);
    await transact(this.#firestore, async (transaction) => {
      const isWritten = this.#sent.has(requestKey) && (await transaction.get(ref)).exists();
      if (!isWritten) {
        transaction.set(ref, newJobFields(job));
        this.#sent.set(requestKey, ref);
      }
    });
    this.#sent.delete(requestKey);
    return ref.id;
  }

  /** `jobId`: the job that is to be written. After a lost reply it may be there already, and is no other job. */
  async #checkNotTracked(job: NewJob, jobId: string): Promise<void> {
    const key = accountKey(job.username, job.platform);
    const isSame = ({ id, platform, username }: TrackingJob) =>
      id !== jobId && platform === job.platform && accountKey(username, platform) === key;
    const other = (await this.#findUnfinished(job)).find(isSame);
    if (other) {
      throw new TrackingJobError('already-tracked', { jobId: other.id });
    }
  }

  /** If the earlier call's job has finished, forget it, so that a new one is created. */
  async #forgetFinished(requestKey: string): Promise<void> {
    const earlier = this.#sent.get(requestKey);
    if (earlier) {
      const status: unknown = (await withTimeout(getDocFromServer(earlier))).get('status');
      if (FINISHED.some((finished) => finished === status)) {
        this.#sent.delete(requestKey);
      }
    }
  }
}
