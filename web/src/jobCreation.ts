import { collection, type DocumentReference, doc, type Firestore, getDocFromServer } from 'firebase/firestore';
import { FINISHED } from './job';
import { COLLECTION, type NewJob, newJobFields } from './jobDocuments';
import { transact } from './transactions';
import { withTimeout } from './withTimeout';

/** Writes new jobs. The same requestKey, made twice at once or again after a failure that hid a success, is one job. */
export class JobCreation {
  readonly #firestore: Firestore;
  readonly #running = new Map<string, Promise<string>>();
  /** Jobs that were sent and not confirmed, by their requestKey: they may be written, or be about to be. */
  readonly #sent = new Map<string, DocumentReference>();

  constructor(firestore: Firestore) {
    this.#firestore = firestore;
  }

  /** Resolves to the job's id, once it is written. */
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

  /** A job of an earlier call that is over by now is no answer to a new requestKey: nothing would start. */
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
