/** The job as Firestore keeps it: what front ends write, and how a document is read. See `contracts/job.json`. */

import { type DocumentSnapshot, serverTimestamp, Timestamp } from 'firebase/firestore';
import { UnreadableJobError } from './errors';
import { ACCOUNT_TYPES, PLATFORMS, STATUSES, type TrackingJob } from './job';

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

/** Nothing is left of the attempt before. */
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
 * The document as a job. A missing or odd field becomes empty, 0 or null: one bad document shall not break a list.
 * UnreadableJobError when status, platform or account type is unknown, for then nothing true can be shown of it.
 */
export function readJob(snapshot: DocumentSnapshot): TrackingJob {
  const data = snapshot.data({ serverTimestamps: 'estimate' }) ?? {};
  const text = (field: string) => (typeof data[field] === 'string' ? data[field] : null);
  const moment = (field: string) => (data[field] instanceof Timestamp ? data[field].toDate() : null);
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
    createdAt: moment('createdAt'),
    startedAt: moment('startedAt'),
    completedAt: moment('completedAt'),
    updatedAt: moment('updatedAt'),
    retryCount: whole(data.retryCount),
    attempt: whole(data.attempt),
    accountId: text('accountId'),
    error: text('error'),
    errorCode: text('errorCode'),
  };
}

/** As `readJob`; null when there is none. */
export function findJob(snapshot: DocumentSnapshot): TrackingJob | null {
  return snapshot.exists() ? readJob(snapshot) : null;
}

/** All that can be read. A job that an old tab cannot read is left out of its list. */
export function readJobs(snapshots: readonly DocumentSnapshot[]): TrackingJob[] {
  return snapshots.flatMap((snapshot) => {
    try {
      return [readJob(snapshot)];
    } catch (error) {
      if (error instanceof UnreadableJobError) {
        return [];
      }
      throw error;
    }
  });
}

function whole(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, Math.trunc(value)) : 0;
}

function oneOf<T extends string>(choices: readonly T[], value: unknown, field: string): T {
  const known = choices.find((choice) => choice === value);
  if (known === undefined) {
    throw new UnreadableJobError(field);
  }
  return known;
}
