import type { Auth } from 'firebase/auth';
import {
  collection,
  type DocumentReference,
  doc,
  type Firestore,
  getDocFromServer,
  getDocsFromServer,
  limit,
  orderBy,
  type Query,
  query,
  where,
} from 'firebase/firestore';
import { checkDays, checkId, checkNewJob } from './inputChecks';
import type { AccountType, Platform, TrackingJob } from './job';
import { CANCEL, changeJob, RETRY } from './jobChanges';
import { JobCreation } from './jobCreation';
import { deleteFinishedJobs } from './jobDeletion';
import { COLLECTION, findJob, readJob, readJobs } from './jobDocuments';
import { NEWEST, openWindow } from './jobWindow';
import { Kick } from './kick';
import { type PlatformPause, watchPauses } from './pauses';
import { logError, type OnError, type Unsubscribe } from './retryingListener';
import { type OnJobs, SharedJobListener } from './sharedJobListener';
import { watchDocument } from './watchDocument';
import { withTimeout } from './withTimeout';

export * from './account';
export * from './deprecatedErrors';
export {
  type InputField,
  isOffline,
  TrackingJobError,
  type TrackingJobErrorCode,
  type TrackingJobErrorDetails,
  trackingJobError,
} from './errors';
export * from './job';
export { PAUSE_REASONS, type PauseReason, type PlatformPause } from './pauses';
export type { OnError, Unsubscribe } from './retryingListener';
export type { Connection, OnJobs } from './sharedJobListener';
export { checkUsername, platformOf } from './username';
export * from './watchAccounts';

export interface TrackingJobServiceOptions {
  firestore: Firestore;
  /**
   * The page's sign-in. A kick sends its ID token; without `auth`, or while nobody is signed in, jobs wait for the
   * minute's tick. A listener that the rules refused is opened again at the next sign-in; without `auth` that takes up
   * to a minute.
   */
  auth?: Auth;
  /** The address of `POST /trigger`; without it jobs wait for the minute's tick. */
  triggerUrl?: string;
  /** The organisation that `cleanupOldJobs` cleans. */
  orgId?: string;
}

/** The part of the service that the panel uses. */
export interface JobSource {
  watchProjectJobs(orgId: string, projectId: string, onJobs: OnJobs, onError?: OnError): Unsubscribe;
  retryJob(jobId: string): Promise<void>;
  cancelJob(jobId: string): Promise<void>;
  /** Without it the panel does not say why a job of a paused platform waits. */
  watchPauses?(onPauses: (pauses: readonly PlatformPause[]) => void, onError?: OnError): Unsubscribe;
}

export type CreateJob = TrackingJobService['createJob'];

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Tracking jobs for front ends: writes them, watches them, and asks for their start.
 *
 * Every method rejects with a `TrackingJobError` or passes one to `onError`. The error's message is a sentence for a
 * person. After the codes `unavailable` and `offline`, a write that was under way may have arrived or may still arrive;
 * no other write is begun. The same call may be repeated without harm.
 * Keep one service per page: all watchers of a project share its listener.
 */
export class TrackingJobService implements JobSource {
  readonly #firestore: Firestore;
  readonly #orgId: string | undefined;
  readonly #kick: Kick;
  readonly #auth: Auth | undefined;
  readonly #creation: JobCreation;
  readonly #projects = new Map<string, SharedJobListener>();

  constructor(options: TrackingJobServiceOptions) {
    this.#firestore = options.firestore;
    this.#orgId = options.orgId;
    this.#auth = options.auth;
    this.#creation = new JobCreation(options.firestore);
    this.#kick = new Kick(options.auth, options.triggerUrl);
  }

  /**
   * Write a job and ask for its start. Resolves to the job's id; the tab may be closed then.
   *
   * Rejects with `invalid-input`, before anything is written, when the input cannot name an account. After any failure
   * the same call may be repeated. If the first call had written its job and only the reply was lost, the repeated call
   * resolves to that job, unless that job is finished. Two equal calls at once, as by a double click, make one job.
   */
  async createJob(
    orgId: string,
    projectId: string,
    userId: string,
    username: string,
    platform: Platform,
    accountType: AccountType,
  ): Promise<string> {
    const job = { orgId, projectId, userId, username, platform, accountType };
    checkNewJob(job);
    const jobId = await this.#creation.create(job);
    void this.triggerProcessor();
    return jobId;
  }

  /** Return the job, or null when there is none. Rejects with `unreadable-job` for one of an unknown kind. */
  async getJob(jobId: string): Promise<TrackingJob | null> {
    const ref = this.#job(jobId);
    return findJob(await withTimeout(getDocFromServer(ref)));
  }

  /** Return the project's newest 200 jobs, newest first. Unlike a listener it never answers from the cache. */
  async getProjectJobs(orgId: string, projectId: string): Promise<TrackingJob[]> {
    const { docs } = await withTimeout(getDocsFromServer(this.#projectJobs(orgId, projectId, NEWEST)));
    return readJobs(docs);
  }

  /**
   * Watch one job: `onJob` gets it now and after each change, and null when it does not exist or is deleted. Without a
   * connection `onJob` waits until the server answers. Throws `invalid-input` for a wrong id. After a failure, passed
   * to `onError`, it tries again by itself.
   */
  watchJob(jobId: string, onJob: (job: TrackingJob | null) => void, onError: OnError = logError): Unsubscribe {
    return watchDocument(this.#job(jobId), readJob, onJob, onError, this.#auth);
  }

  /**
   * Watch the project's newest 200 jobs, newest first: now and after each change. More than 200 are watched while
   * older ones are not finished. `connection` is `reconnecting` while the jobs are the last known ones. Throws
   * `invalid-input` for a wrong id. After a failure, passed to `onError`, it tries again by itself.
   */
  watchProjectJobs(orgId: string, projectId: string, onJobs: OnJobs, onError: OnError = logError): Unsubscribe {
    checkId('orgId', orgId);
    checkId('projectId', projectId);
    const key = `${orgId}/${projectId}`;
    const project =
      this.#projects.get(key) ??
      new SharedJobListener(
        openWindow((count) => this.#projectJobs(orgId, projectId, count)),
        this.#auth,
      );
    this.#projects.set(key, project);
    const watcher = project.add(onJobs, onError);
    return () => {
      if (!project.remove(watcher) && this.#projects.get(key) === project) {
        this.#projects.delete(key);
      }
    };
  }

  /** Watch which platforms are paused, and until when. */
  watchPauses(onPauses: (pauses: readonly PlatformPause[]) => void, onError?: OnError): Unsubscribe {
    return watchPauses({ firestore: this.#firestore, auth: this.#auth }, onPauses, onError);
  }

  /** Put a failed or cancelled job into the queue and ask for its start. Rejects any other with `illegal-change`. */
  async retryJob(jobId: string): Promise<void> {
    await changeJob(this.#job(jobId), RETRY);
    void this.triggerProcessor();
  }

  /** Cancel a pending or processing job. Rejects any other with `illegal-change`. */
  async cancelJob(jobId: string): Promise<void> {
    await changeJob(this.#job(jobId), CANCEL);
  }

  /**
   * Delete the organisation's jobs that ended more than `days` ago; resolves to their number. For owners and admins:
   * rejects with `not-allowed` for any other user, if there are such jobs.
   */
  async cleanupOldJobs(days = 7, orgId = this.#orgId ?? ''): Promise<number> {
    checkId('orgId', orgId);
    checkDays(days);
    return deleteFinishedJobs(this.#firestore, orgId, new Date(Date.now() - days * DAY_MS));
  }

  /**
   * Ask for pending jobs to be started now. Resolves to false when nobody is signed in, no address is configured, or
   * the kick is refused or does not arrive; then the minute's tick starts the jobs. Never rejects.
   */
  triggerProcessor(): Promise<boolean> {
    return this.#kick.send();
  }

  #job(jobId: string): DocumentReference {
    checkId('jobId', jobId);
    return doc(this.#firestore, COLLECTION, jobId);
  }

  #projectJobs(orgId: string, projectId: string, count: number): Query {
    checkId('orgId', orgId);
    checkId('projectId', projectId);
    return query(
      collection(this.#firestore, COLLECTION),
      where('orgId', '==', orgId),
      where('projectId', '==', projectId),
      orderBy('createdAt', 'desc'),
      limit(count),
    );
  }
}
