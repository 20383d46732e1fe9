import { collection, type DocumentReference, doc, type Firestore, getDocFromServer } from 'firebase/firestore';
import { FINISHED } from './job';
import { COLLECTION, type NewJob, newJobFields } from './jobDocuments';
import { transact } from './transactions';
import { withTimeout } from './withTimeout';

/**
 * Writer of new jobs. Two equal requests make one job in two cases: when they run at the same time, and when the second
 * one repeats a call that failed although its write had arrived.
 */
export class JobCreation {
  readonly #firestore: Firestore;
  readonly #running = new Map<string, Promise<string>>();
  /** Request key -> job that was sent and not confirmed. The job may be written already, or may be written soon. */
  readonly #sent = new Map<string, DocumentReference>();

  constructor(firestore: Firestore) {
    this.#firestore = firestore;
  }

  /** Write the job; resolves to its id. */
  create(job: NewJob): Promise<string> {
    const requestKey = JSON.stringify(job);
    const running =
      this.#running.get(requestKey) ?? this.#write(job, requestKey).finally(() => this.#running.delete(requestKey));
    this.#running.set(requestKey, running);
    return running;
  }

  async #write(job: NewJob, requestKey: string): Promise<string> {
    await this.#forgetFinished(requestKey);
    const ref = this.#sent.get(requestKey) ?? doc(collection(this.#firestore, COLLECTION));
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
