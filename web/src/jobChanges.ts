import type { DocumentReference } from 'firebase/firestore';
import { illegalChange, TrackingJobError } from './errors';
import { CANCELLABLE, type JobStatus, RETRYABLE } from './job';
import { cancelFields, retryFields } from './jobDocuments';
import { transact } from './transactions';

/** A change that a person makes to an existing job. */
interface Change {
  name: 'retried' | 'cancelled';
  from: readonly JobStatus[];
  /** Statuses that a job may have after this change: at once, or later in its life. */
  leadsTo: readonly JobStatus[];
  fields: typeof retryFields | typeof cancelFields;
}

export const CANCEL: Change = {
  name: 'cancelled',
  from: CANCELLABLE,
  leadsTo: ['cancelled'],
  fields: cancelFields,
};

/** The three statuses in `leadsTo` show that somebody retried: without a retry, a failed or cancelled job stays so. */
export const RETRY: Change = {
  name: 'retried',
  from: RETRYABLE,
  leadsTo: ['pending', 'processing', 'completed'],
  fields: retryFields,
};

/**
 * Apply a change to a job. Rejects with `illegal-change` when the job's status does not allow it, and with
 * `job-not-found` when there is no such job.
 */
export async function changeJob(ref: DocumentReference, change: Change): Promise<void> {
  let isSent = false;
  await transact(ref.firestore, async (transaction) => {
    const snapshot = await transaction.get(ref);
    if (!snapshot.exists()) {
      throw new TrackingJobError('job-not-found');
    }
    const status: unknown = snapshot.get('status');
    const isOneOf = (statuses: readonly unknown[]) => statuses.includes(status);
    // Either this call made the change and its reply was lost, or another tab made the change at the same moment.
    const isDone = isSent && isOneOf(change.leadsTo);
    if (isDone) {
      return;
    }
    if (!isOneOf(change.from)) {
      throw illegalChange(String(status), change.name);
    }
    transaction.update(ref, change.fields());
    isSent = true;
  });
}
