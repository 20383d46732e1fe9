import type { Auth } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';
import type { AccountType, Platform, TrackingJob } from './job';

export type Unsubscribe = () => void;

/** Whether what a listener shows comes from the server, or is the last that was known before the connection went. */
export type Connection = 'live' | 'reconnecting';

export interface TrackingJobServiceOptions {
  firestore: Firestore;
  /** Whose ID token goes with a kick; without it, or signed out, jobs wait for the minute's tick. */
  auth?: Auth;
  /** The address of `POST /trigger`; without it jobs wait for the minute's tick. */
  triggerUrl?: string;
  /** The organisation that `cleanupOldJobs` cleans. */
  orgId?: string;
}

export interface JobSource {
  watchProjectJobs(
    orgId: string,
    projectId: string,
    onJobs: (jobs: TrackingJob[], connection: Connection) => void,
    onError?: (error: Error) => void,
  ): Unsubscribe;
  retryJob(jobId: string): Promise<void>;
  cancelJob(jobId: string): Promise<void>;
}

export type CreateJob = (
  orgId: string,
  projectId: string,
  userId: string,
  username: string,
  platform: Platform,
  accountType: AccountType,
) => Promise<string>;
