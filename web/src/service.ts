import type { Auth } from 'firebase/auth';
import { type DocumentReference, doc, type Firestore, getDocFromServer, getDocsFromServer } from 'firebase/firestore';
import { DAY_MS } from './day';
import { TrackingJobError } from './errors';
import { checkDays, checkId, checkNewJob } from './inputChecks';
import { type AccountType, CANCELLABLE, type Platform, type TrackingJob } from './job';
import { CANCEL, changeJob, RETRY } from './jobChanges';
import { JobCreation } from './jobCreation';
import { deleteFinishedJobs } from './jobDeletion';
import { COLLECTION, findJob, type NewJob, readJob, readJobs } from './jobDocuments';
import { newestJobs, unfinishedJobs } from './jobQueries';
import { openWindow } from './jobWindow';
import { Kick } from './kick';
import { type PlatformPause, watchPauses } from './pauses';
import { logError, type OnError, type Unsubscribe } from './retryingListener';
import { type OnJobs, SharedJobListener } from './sharedJobListener';
import { checkSignedIn } from './signIn';
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
export { refreshNow, setRefresh } from './refreshes';
export { type RefreshWait, type RefreshWaits, watchRefreshWaits } from './refreshWaits';
export { removeAccount } from './removeAccount';
export type { OnError, Unsubscribe } from './retryingListener';
export {
  type JobSentence,
  type SentenceCode,
  type SentenceParams,
  type Sentences,
  type SentenceTemplate,
  sentenceOf,
} from './sentences';
export type { Connection, OnJobs } from './sharedJobListener';
export { accountKey, checkUsername, platformOf, usernameOf } from './username';
export * from './watchAccounts';

export interface TrackingJobServiceOptions {
  firestore: Firestore;
  /**
   * The page's sign-in. A kick sends its ID token; without `auth` jobs wait for the minute's tick. While nobody is
   * signed in, calls reject with `not-signed-in` and watchers wait for the next sign-in. Without `auth` the service
   * cannot know: the rules refuse with `not-allowed`, and a refused listener is opened again within a minute.
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
  /** Makes the new job when a person corrects a name; without it the panel offers no correction. */
  createJob?: CreateJob;
  /** The user who makes that job. Null while nobody is signed in. */
  readonly currentUserId?: string | null;
}

export type CreateJob = TrackingJobService['createJob'];

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
  /** Project -> the job that this service created last. */
  readonly #created = new Map<string, string>();

  constructor(options: TrackingJobServiceOptions) {
    this.#firestore = options.firestore;
    this.#orgId = options.orgId;
    this.#auth = options.auth;
    this.#creation = new JobCreation(options.firestore, (job) => this.#unfinishedJobs(job));
    this.#kick = new Kick(options.auth, options.triggerUrl);
  }

  get currentUserId(): string | null {
    return this.#auth?.currentUser?.uid ?? null;
  }

  /**
   * Set up the page's own service, for the static methods below. A page calls it once, before the first of them, and
   * writes `TrackingJobService.createJob(...)` from then on.
   */
  static setUp(options: TrackingJobServiceOptions): TrackingJobService {
    pageService = new TrackingJobService(options);
    return pageService;
  }

  static get currentUserId(): string | null {
    return ofPage().currentUserId;
  }

  /** `createJob` of the page's own service, as are the other static methods. They fail with `not-set-up` before `setUp`. */
  static async createJob(...args: Parameters<TrackingJobService['createJob']>): Promise<string> {
    return ofPage().createJob(...args);
  }

  static async getJob(jobId: string): Promise<TrackingJob | null> {
    return ofPage().getJob(jobId);
  }

  static async getProjectJobs(orgId: string, projectId: string): Promise<TrackingJob[]> {
    return ofPage().getProjectJobs(orgId, projectId);
  }

  static watchJob(...args: Parameters<TrackingJobService['watchJob']>): Unsubscribe {
    return ofPage().watchJob(...args);
  }

  static watchProjectJobs(...args: Parameters<TrackingJobService['watchProjectJobs']>): Unsubscribe {
    return ofPage().watchProjectJobs(...args);
  }

  static watchPauses(...args: Parameters<TrackingJobService['watchPauses']>): Unsubscribe {
    return ofPage().watchPauses(...args);
  }

  static async retryJob(jobId: string): Promise<void> {
    return ofPage().retryJob(jobId);
  }

  static async cancelJob(jobId: string): Promise<void> {
    return ofPage().cancelJob(jobId);
  }

  static async cleanupOldJobs(...args: Parameters<TrackingJobService['cleanupOldJobs']>): Promise<number> {
    return ofPage().cleanupOldJobs(...args);
  }

  static async triggerProcessor(): Promise<boolean> {
    return ofPage().triggerProcessor();
  }

  /**
   * Write a job and ask for its start. Resolves to the job's id; the tab may be closed then.
   *
   * Rejects with `invalid-input`, before anything is written, when the input cannot name an account, and with
   * `already-tracked` when a job of the account waits or runs; `jobId` of the error is that job. After any failure the
   * same call may be repeated. If the first call had written its job and only the reply was lost, the repeated call
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
    await checkSignedIn(this.#auth); // first: a page without a user has no user's id either
    checkNewJob(job);
    const jobId = await this.#creation.create(job);
    this.#created.set(keyOf(orgId, projectId), jobId);
    void this.triggerProcessor();
    return jobId;
  }

  /** Return the job, or null when there is none. Rejects with `unreadable-job` for one of an unknown kind. */
  async getJob(jobId: string): Promise<TrackingJob | null> {
    const ref = this.#job(jobId);
    await checkSignedIn(this.#auth);
    return findJob(await withTimeout(getDocFromServer(ref)));
  }

  /** Return the project's newest 200 jobs, newest first. Unlike a listener it never answers from the cache. */
  async getProjectJobs(orgId: string, projectId: string): Promise<TrackingJob[]> {
    checkId('orgId', orgId);
    checkId('projectId', projectId);
    await checkSignedIn(this.#auth);
    const { docs } = await withTimeout(getDocsFromServer(newestJobs(this.#firestore, orgId, projectId)));
    return readJobs(docs);
  }

  /**
   * Watch one job: `onJob` gets it now and after each change. `onError` gets `job-not-found` when the server says that
   * it does not exist or was deleted. Without a connection both wait until the server answers. Throws `invalid-input`
   * for a wrong id. After any failure, passed to `onError`, it goes on watching.
   */
  watchJob(jobId: string, onJob: (job: TrackingJob) => void, onError: OnError = logError): Unsubscribe {
    const receive = (job: TrackingJob | null) =>
      job === null ? onError(new TrackingJobError('job-not-found')) : onJob(job);
    return watchDocument(this.#job(jobId), readJob, receive, onError, this.#auth);
  }

  /**
   * Watch the project's newest 200 jobs, newest first: now and after each change. More than 200 are watched while
   * older ones are not finished. `connection` is `reconnecting` while the jobs are the last known ones. Throws
   * `invalid-input` for a wrong id. After a failure, passed to `onError`, it tries again by itself.
   */
  watchProjectJobs(orgId: string, projectId: string, onJobs: OnJobs, onError: OnError = logError): Unsubscribe {
    checkId('orgId', orgId);
    checkId('projectId', projectId);
    const key = keyOf(orgId, projectId);
    const project =
      this.#projects.get(key) ??
      new SharedJobListener(
        openWindow((count) => newestJobs(this.#firestore, orgId, projectId, count)),
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
    const ref = this.#job(jobId);
    await checkSignedIn(this.#auth);
    await changeJob(ref, RETRY);
    void this.triggerProcessor();
  }

  /** Cancel a pending or processing job. Rejects any other with `illegal-change`. */
  async cancelJob(jobId: string): Promise<void> {
    const ref = this.#job(jobId);
    await checkSignedIn(this.#auth);
    await changeJob(ref, CANCEL);
  }

  /**
   * Delete the organisation's jobs that ended more than `days` ago; resolves to their number. For owners and admins:
   * rejects with `not-allowed` for any other user, if there are such jobs.
   */
  async cleanupOldJobs(days = 7, orgId = this.#orgId ?? ''): Promise<number> {
    checkId('orgId', orgId);
    checkDays(days);
    await checkSignedIn(this.#auth);
    return deleteFinishedJobs(this.#firestore, orgId, new Date(Date.now() - days * DAY_MS));
  }

  /**
   * Ask for pending jobs to be started now. Resolves to false when nobody is signed in, no address is configured, or
   * the kick is refused or does not arrive; then the minute's tick starts the jobs. Never rejects.
   */
  triggerProcessor(): Promise<boolean> {
    return this.#kick.send();
  }

  /**
   * The project's jobs that wait or run: as the page's listener has them, or the newest 200 from the server. A listener
   * that has not heard of this service's last job yet is not asked.
   */
  async #unfinishedJobs({ orgId, projectId }: NewJob): Promise<readonly TrackingJob[]> {
    const key = keyOf(orgId, projectId);
    const known = this.#projects.get(key)?.liveJobs;
    const created = this.#created.get(key);
    if (known && (created === undefined || known.some(({ id }) => id === created))) {
      return known.filter(({ status }) => CANCELLABLE.includes(status));
    }
    const { docs } = await withTimeout(getDocsFromServer(unfinishedJobs(this.#firestore, orgId, projectId)));
    return readJobs(docs);
  }

  #job(jobId: string): DocumentReference {
    checkId('jobId', jobId);
    return doc(this.#firestore, COLLECTION, jobId);
  }
}

export default TrackingJobService;

let pageService: TrackingJobService | undefined;

function ofPage(): TrackingJobService {
  if (!pageService) {
    const message = 'Tracking is not set up: call TrackingJobService.setUp({ firestore, auth }) before its first use.';
    throw new TrackingJobError('not-set-up', { message });
  }
  return pageService;
}

function keyOf(orgId: string, projectId: string): string {
  return `${orgId}/${projectId}`;
}
