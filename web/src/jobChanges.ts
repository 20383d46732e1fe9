import type { DocumentReference } from 'firebase/firestore';
import { IllegalChangeError, JobNotFoundError } from './errors';
import { CANCELLABLE, type JobStatus, RETRYABLE } from './job';
import { cancelFields, retryFields } from './jobDocuments';
import { transact } from './transactions';

/** What a person does to a job that exists. */
interface Change {
  name: 'retried' | 'cancelled';
  from: readonly JobStatus[];
  /** Where a job stands that was changed so, and went on. */
  leadsTo: readonly JobStatus[];
  fields: typeof retryFields | typeof cancelFields;
}

export const CANCEL: Change = {
  name: 'cancelled',
  from: CANCELLABLE,
  leadsTo: ['cancelled'],
  fields: cancelFields,
};

/** From failed or cancelled nothing but a retry leads to these. */
export const RETRY: Change = {
  name: 'retried',
  from: RETRYABLE,
  leadsTo: ['pending', 'processing', 'completed'],
  fields: retryFields,
};

/** IllegalChangeError when the job's status does not allow it, JobNotFoundError when there is none. */
export async function changeJob(ref: DocumentReference, change: Change): Promise<void> {
  let isSent = false;
  await transact(ref.firestore, async (transaction) => {
    const snapshot = await transaction.get(ref);
    if (!snapshot.exists()) {
      throw new JobNotFoundError();
    }
    const status: unknown = snapshot.get('status');
    const isOneOf = (statuses: readonly unknown[]) => statuses.includes(status);
    // By us, the reply being lost; or by another tab at the same moment.
    const isDone = isSent && isOneOf(change.leadsTo);
    if (isDone) {
      return;
    }
    if (!isOneOf(change.from)) {
      throw new IllegalChangeError(String(status), change.name);
    }
    transaction.update(ref, change.fields());
    isSent = true;
  });
}
