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
import type { TrackingJobError } from './errors';
import { checkDays, checkId, checkNewJob } from './inputChecks';
import type { AccountType, Platform, TrackingJob } from './job';
import { CANCEL, changeJob, RETRY } from './jobChanges';
import { JobCreation } from './jobCreation';
import { deleteFinishedJobs } from './jobDeletion';
import { COLLECTION, findJob, readJobs } from './jobDocuments';
import { NEWEST, openWindow } from './jobWindow';
import { Kick } from './kick';
import type { Unsubscribe } from './retryingListener';
import { type OnError, type OnJobs, ProjectJobs } from './sharedJobListener';
import { watchSingleJob } from './singleJob';
import { withTimeout } from './withTimeout';

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
export type { Unsubscribe } from './retryingListener';
export type { Connection, OnError, OnJobs } from './sharedJobListener';
export { checkUsername, platformOf } from './username';

export interface TrackingJobServiceOptions {
  firestore: Firestore;
  /**
   * Whose ID token goes with a kick; without it, or signed out, jobs wait for the minute's tick. Its sign-ins are heard:
   * without it, who was refused and signs in sees a project up to a minute later.
   */
  auth?: Auth;
  /** The address of `POST /trigger`; without it jobs wait for the minute's tick. */
  triggerUrl?: string;
  /** The organisation that `cleanupOldJobs` cleans. */
  orgId?: string;
}

/** What the panel needs of the service. */
export interface JobSource {
  watchProjectJobs(orgId: string, projectId: string, onJobs: OnJobs, onError?: OnError): Unsubscribe;
  retryJob(jobId: string): Promise<void>;
  cancelJob(jobId: string): Promise<void>;
}

export type CreateJob = TrackingJobService['createJob'];

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Tracking jobs for front ends: writes them, watches them, and starts them at once.
 *
 * Every method rejects with, or passes to `onError`, a `TrackingJobError`: its message is a sentence for a person.
 * After an UnavailableError or OfflineError a write may have been made, or may still arrive when it was under way; none
 * is begun after it. The same call may be made again without harm.
 * Keep one service per page: those who watch the same project share its listener.
 */
export class TrackingJobService implements JobSource {
  readonly #firestore: Firestore;
  readonly #orgId: string | undefined;
  readonly #kick: Kick;
  readonly #auth: Auth | undefined;
  readonly #creation: JobCreation;
  readonly #projects = new Map<string, ProjectJobs>();

  constructor(options: TrackingJobServiceOptions) {
    this.#firestore = options.firestore;
    this.#orgId = options.orgId;
    this.#auth = options.auth;
    this.#creation = new JobCreation(options.firestore);
    this.#kick = new Kick(options.auth, options.triggerUrl);
  }

  /**
   * Write a job and ask for its start; the tab may be closed once this resolves, to the job's id.
   *
   * InvalidInputError, before anything is written, when no account can be meant. After any failure the same call may be
   * made again: when the lost connection hid a success, it resolves to the job that was written then, unless that one
   * is finished already. The same call made twice at once, as by a double click, makes one job.
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

  /** Null when there is no such job. UnreadableJobError for one of an unknown kind. */
  async getJob(jobId: string): Promise<TrackingJob | null> {
    const ref = this.#job(jobId);
    return findJob(await withTimeout(getDocFromServer(ref)));
  }

  /** The project's newest 200 jobs, newest first. Unlike a listener it never answers from the cache. */
  async getProjectJobs(orgId: string, projectId: string): Promise<TrackingJob[]> {
    const { docs } = await withTimeout(getDocsFromServer(this.#projectJobs(orgId, projectId, NEWEST)));
    return readJobs(docs);
  }

  /**
   * The job now and after each change; null when there is none, or none any more. Nothing is told while that is not
   * known, for want of a connection. Throws InvalidInputError for an id that is none. After a failure, told to
   * `onError`, it tries again by itself.
   */
  watchJob(jobId: string, onJob: (job: TrackingJob | null) => void, onError: OnError = log): Unsubscribe {
    return watchSingleJob(this.#job(jobId), onJob, onError, this.#auth);
  }

  /**
   * The project's newest 200 jobs, newest first, now and after each change; more, while older ones are not finished.
   * `connection` is `reconnecting` while they are only the last that was known. Throws InvalidInputError for an id that is none. After a failure, told to
   * `onError`, it tries again by itself.
   */
  watchProjectJobs(orgId: string, projectId: string, onJobs: OnJobs, onError: OnError = log): Unsubscribe {
    checkId('orgId', orgId);
    checkId('projectId', projectId);
    const key = `${orgId}/${projectId}`;
    const project =
      this.#projects.get(key) ??
      new ProjectJobs(
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

  /** Put a failed or cancelled job back into the queue, and ask for its start. IllegalChangeError for any other. */
  async retryJob(jobId: string): Promise<void> {
    await changeJob(this.#job(jobId), RETRY);
    void this.triggerProcessor();
  }

  /** Stop a job that waits or is worked on. IllegalChangeError when it is over. */
  async cancelJob(jobId: string): Promise<void> {
    await changeJob(this.#job(jobId), CANCEL);
  }

  /**
   * Delete the organisation's finished jobs that were created more than `days` ago; resolves to how many. For owners
   * and admins: NotAllowedError for anybody else who has such jobs.
   */
  async cleanupOldJobs(days = 7, orgId = this.#orgId ?? ''): Promise<number> {
    checkId('orgId', orgId);
    checkDays(days);
    return deleteFinishedJobs(this.#firestore, orgId, new Date(Date.now() - days * DAY_MS));
  }

  /**
   * Ask for pending jobs to be started now. Best effort: false when signed out, without an address, refused or
   * not reached, and then the minute's tick starts them. Never rejects.
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

/** For who watches without an onError: nothing is swallowed. */
function log(error: TrackingJobError): void {
  console.error(error.message, error);
}
