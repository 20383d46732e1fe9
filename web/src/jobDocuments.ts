/** The job as a Firestore document: the fields that front ends write, and the reader. See `contracts/job.json`. */

import { type DocumentSnapshot, serverTimestamp, Timestamp } from 'firebase/firestore';
import { hasCode, unreadableJob } from './errors';
import { ACCOUNT_TYPES, PLATFORMS, RESOURCES, STATUSES, STEPS, type TrackingJob } from './job';

export const COLLECTION = 'trackingJobs';

export type NewJob = Pick<TrackingJob, 'orgId' | 'projectId' | 'userId' | 'username' | 'platform' | 'accountType'>;

export function newJobFields(job: NewJob) {
  return {
    ...job,
    status: 'pending',
    progress: 0,
    message: 'Waiting to start.',
    createdAt: serverTimestamp(),
    retryCount: 0,
  };
}

export function cancelFields() {
  return {
    status: 'cancelled',
    message: 'Cancelled.',
    completedAt: serverTimestamp(),
    leaseUntil: null,
    expiries: 0,
    updatedAt: serverTimestamp(),
  };
}

/** Fields of a retry: they reset everything that the previous attempt wrote. */
export function retryFields() {
  return {
    status: 'pending',
    progress: 0,
    message: 'Waiting to start.',
    retryCount: 0,
    error: null,
    errorCode: null,
    startedAt: null,
    completedAt: null,
    leaseUntil: null,
    executionArn: null,
    expireAt: null,
    updatedAt: serverTimestamp(),
  };
}

/**
 * Read a document as a job. A missing or odd field becomes empty, 0 or null, so that one bad document does not break a
 * list. Throws `unreadable-job` for an unknown status, platform or account type, since any fallback would be wrong.
 */
export function readJob(snapshot: DocumentSnapshot): TrackingJob {
  const data = snapshot.data({ serverTimestamps: 'estimate' }) ?? {};
  const text = (field: string) => (typeof data[field] === 'string' ? data[field] : null);
  const moment = (field: string) => dateOf(data[field]);
  return {
    id: snapshot.id,
    orgId: text('orgId') ?? '',
    projectId: text('projectId') ?? '',
    userId: text('userId') ?? '',
    username: text('username') ?? '',
    platform: oneOf(PLATFORMS, data.platform, 'platform'),
    accountType: oneOf(ACCOUNT_TYPES, data.accountType, 'account type'),
    status: oneOf(STATUSES, data.status, 'status'),
    progress: Math.min(whole(data.progress), 100),
    message: text('message') ?? '',
    messageCode: text('messageCode'),
    messageParams: paramsOf(mapOf(data.messageParams)),
    createdAt: moment('createdAt'),
    startedAt: moment('startedAt'),
    completedAt: moment('completedAt'),
    updatedAt: moment('updatedAt'),
    retryCount: whole(data.retryCount),
    attempt: whole(data.attempt),
    accountId: text('accountId'),
    error: text('error'),
    errorCode: text('errorCode'),
    steps: entriesOf(mapOf(data.steps), STEPS, dateOf),
    spent: entriesOf(mapOf(data.spent), RESOURCES, amountOf),
  };
}

/** Read a document as a job, as `readJob` does; null when the document does not exist. */
export function findJob(snapshot: DocumentSnapshot): TrackingJob | null {
  return snapshot.exists() ? readJob(snapshot) : null;
}

/** Read all jobs. Unreadable ones, such as those of a newer version, are left out. */
export function readJobs(snapshots: readonly DocumentSnapshot[]): TrackingJob[] {
  return snapshots.flatMap((snapshot) => {
    try {
      return [readJob(snapshot)];
    } catch (error) {
      if (hasCode(error, 'unreadable-job')) {
        return [];
      }
      throw error;
    }
  });
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Read the named entries of a map. An entry that `read` cannot read is left out. */
function entriesOf<Name extends string, Value>(
  map: Readonly<Record<string, unknown>>,
  names: readonly Name[],
  read: (value: unknown) => Value | null,
): Partial<Record<Name, Value>> {
  const found = names.map((name) => [name, read(map[name])]);
  return Object.fromEntries(found.filter(([, value]) => value !== null));
}

function dateOf(value: unknown): Date | null {
  return value instanceof Timestamp ? value.toDate() : null;
}

function amountOf(value: unknown): number | null {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : null;
}

function paramsOf(map: Readonly<Record<string, unknown>>): TrackingJob['messageParams'] {
  const isParam = (entry: [string, unknown]): entry is [string, string | number] =>
    typeof entry[1] === 'string' || typeof entry[1] === 'number';
  return Object.fromEntries(Object.entries(map).filter(isParam));
}

function whole(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, Math.trunc(value)) : 0;
}

function oneOf<T extends string>(choices: readonly T[], value: unknown, field: string): T {
  const known = choices.find((choice) => choice === value);
  if (known === undefined) {
    throw unreadableJob(field);
  }
  return known;
}
