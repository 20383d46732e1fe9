import { collection, type DocumentReference, doc, type Firestore, getDocFromServer } from 'firebase/firestore';
import { COLLECTION, type NewJob, newJobFields } from './documents';
import { inTime } from './in-time';
import { FINISHED } from './job';
import { transact } from './transactions';

/** Writes new jobs. The same wish, made twice at once or again after a failure that hid a success, is one job. */
export class JobCreation {
  readonly #firestore: Firestore;
  readonly #running = new Map<string, Promise<string>>();
  /** Jobs that were sent and not confirmed, by their wish: they may be written, or be about to be. */
  readonly #sent = new Map<string, DocumentReference>();

  constructor(firestore: Firestore) {
    this.#firestore = firestore;
  }

  /** Resolves to the job's id, once it is written. */
  create(job: NewJob): Promise<string> {
    const wish = JSON.stringify(job);
    const running = this.#running.get(wish) ?? this.#write(job, wish).finally(() => this.#running.delete(wish));
    this.#running.set(wish, running);
    return running;
  }

  async #write(job: NewJob, wish: string): Promise<string> {
    await this.#forgetFinished(wish);
    const ref = this.#sent.get(wish) ?? doc(collection(this.#firestore, COLLECTION));
    await transact(this.#firestore, async (transaction) => {
      const isWritten = this.#sent.has(wish) && (await transaction.get(ref)).exists();
      if (!isWritten) {
        transaction.set(ref, newJobFields(job));
        this.#sent.set(wish, ref);
      }
    });
    this.#sent.delete(wish);
    return ref.id;
  }

  /** A job of an earlier call that is over by now is no answer to a new wish: nothing would start. */
  async #forgetFinished(wish: string): Promise<void> {
    const earlier = this.#sent.get(wish);
    if (earlier) {
      const status: unknown = (await inTime(getDocFromServer(earlier))).get('status');
      if (FINISHED.some((finished) => finished === status)) {
        this.#sent.delete(wish);
      }
    }
  }
}
