import type { TrackingJobError } from '../errors';
import type { JobStatus, TrackingJob } from '../job';
import type { Connection } from '../service';
import { type ClockSkew, learnSkew, NO_SKEW } from './clockSkew';
import { type ExpectedEnds, learnEnds } from './estimate';
import { dismissalMark, isActive } from './rows';

/** The state of the listener, with the jobs that it delivered last. */
export type Feed =
  | { status: 'connecting' }
  | { status: 'watching'; jobs: readonly TrackingJob[]; connection: Connection }
  /** The listener has ended; `jobs` is the last known list. */
  | { status: 'failed'; jobs: readonly TrackingJob[]; error: TrackingJobError; isTryingAgain: boolean };

/** The state of one mounted panel, for one project. */
export interface PanelState {
  feed: Feed;
  /** Number of the listener; a new number starts a new listener. */
  listener: number;
  isOnline: boolean;
  /** Time since when the list may be out of date, milliseconds since the epoch; null while it is live. */
  staleSince: number | null;
  /** The failure that the person dismissed. */
  dismissedError: TrackingJobError | null;
  /** The last known status of every job seen; null before the first snapshot. */
  statuses: ReadonlyMap<string, JobStatus> | null;
  /** Jobs that ended while the panel was mounted and are still listed. */
  ended: ReadonlySet<string>;
  /** Jobs since the queue was last empty; the overall progress counts these. */
  batch: ReadonlySet<string>;
  isBusy: boolean;
  /** Each end of a job that the panel noticed. The key is the id, and the attempt of a job that did not complete. */
  endings: ReadonlyMap<string, TrackingJob>;
  /** A text, or the jobs that changed. `number` changes each time, so that two equal announcements differ. */
  announcement: { said: string | readonly TrackingJob[]; number: number };
  clockSkew: ClockSkew;
  /** The page's time of the last snapshot, milliseconds since the epoch. */
  receivedAt: number;
  expectedEnds: ExpectedEnds;
  /** How often the list has become live again; what went wrong before is not shown any more. */
  reconnections: number;
}

/** Everything that changes the panel. `at` is the page's time of the event, milliseconds since the epoch. */
export type PanelAction =
  | { type: 'subscribed'; at: number }
  | { type: 'jobsReceived'; jobs: readonly TrackingJob[]; connection: Connection; at: number }
  | { type: 'listenerFailed'; error: TrackingJobError; at: number }
  | { type: 'networkChanged'; isOnline: boolean; at: number }
  | { type: 'retryRequested' }
  | { type: 'rowsLeft'; jobIds: readonly string[] }
  | { type: 'errorDismissed' }
  | { type: 'announced'; text: string };

export function initialPanelState(isOnline: boolean): PanelState {
  return {
    feed: { status: 'connecting' },
    listener: 0,
    isOnline,
    staleSince: null,
    dismissedError: null,
    statuses: null,
    ended: new Set(),
    batch: new Set(),
    isBusy: false,
    endings: new Map(),
    announcement: { said: '', number: 0 },
    clockSkew: NO_SKEW,
    receivedAt: 0,
    expectedEnds: new Map(),
    reconnections: 0,
  };
}

/** Apply one action. React calls a reducer for every action, so it also sees snapshots between two renders. */
export function panelReducer(state: PanelState, action: PanelAction): PanelState {
  const next = applied(state, action);
  if (!('at' in action)) {
    return next;
  }
  const staleSince = isStale(next) ? (state.staleSince ?? action.at) : null;
  if (staleSince === next.staleSince) {
    return next;
  }
  return { ...next, staleSince, reconnections: next.reconnections + (staleSince === null ? 1 : 0) };
}

function applied(state: PanelState, action: PanelAction): PanelState {
  switch (action.type) {
    case 'subscribed':
      return { ...state, feed: resubscribed(state.feed) };
    case 'jobsReceived':
      return withJobs(state, action);
    case 'listenerFailed':
      return {
        ...state,
        feed: { status: 'failed', jobs: knownJobs(state.feed), error: action.error, isTryingAgain: false },
      };
    case 'networkChanged':
      return state.isOnline === action.isOnline ? state : { ...state, isOnline: action.isOnline };
    case 'retryRequested':
      return { ...state, listener: state.listener + 1 };
    case 'rowsLeft':
      return { ...state, ended: new Set([...state.ended].filter((id) => !action.jobIds.includes(id))) };
    case 'errorDismissed':
      return { ...state, dismissedError: state.feed.status === 'failed' ? state.feed.error : null };
    case 'announced':
      return withAnnouncement(state, action.text);
  }
}

function resubscribed(feed: Feed): Feed {
  switch (feed.status) {
    case 'connecting':
      return feed;
    case 'watching':
      return { ...feed, connection: 'reconnecting' };
    case 'failed':
      return { ...feed, isTryingAgain: true };
  }
}

function withJobs(state: PanelState, received: Extract<PanelAction, { type: 'jobsReceived' }>): PanelState {
  const { jobs, connection, at } = received;
  const before = state.statuses ?? new Map<string, JobStatus>();
  const active = jobs.filter(isActive);
  // Jobs that were finished when first seen are history, not news: the page lists their accounts already.
  const changed = jobs.filter((job) => before.get(job.id) !== job.status && (before.has(job.id) || isActive(job)));
  const next: PanelState = {
    ...state,
    feed: { status: 'watching', jobs, connection },
    statuses: new Map([...before, ...jobs.map((job) => [job.id, job.status] as const)]),
    ...withEndings(state, changed),
    batch:
      active.length > 0 ? new Set([...(state.isBusy ? state.batch : []), ...active.map((job) => job.id)]) : state.batch,
    isBusy: active.length > 0,
    clockSkew: learnSkew(state.clockSkew, jobs, connection, at),
    receivedAt: at,
    expectedEnds: learnEnds(state.expectedEnds, jobs),
  };
  return state.statuses && changed.length > 0 ? withAnnouncement(next, changed) : next;
}

function withEndings(state: PanelState, changed: readonly TrackingJob[]): Pick<PanelState, 'ended' | 'endings'> {
  const ended = new Set(state.ended);
  const endings = new Map(state.endings);
  for (const job of changed) {
    if (isActive(job)) {
      ended.delete(job.id);
      continue;
    }
    ended.add(job.id);
    // A job completes only once, whatever an old cache says in between.
    const key = job.status === 'completed' ? job.id : `${job.id} ${dismissalMark(job)}`;
    endings.set(key, endings.get(key) ?? job);
  }
  return { ended, endings };
}

function withAnnouncement(state: PanelState, said: PanelState['announcement']['said']): PanelState {
  return { ...state, announcement: { said, number: state.announcement.number + 1 } };
}

export function knownJobs(feed: Feed): readonly TrackingJob[] {
  return feed.status === 'connecting' ? [] : feed.jobs;
}

/** Whether the list may be out of date. While connecting there is no list yet. */
export function isStale({ feed, isOnline }: Pick<PanelState, 'feed' | 'isOnline'>): boolean {
  return feed.status === 'failed' || (feed.status === 'watching' && (!isOnline || feed.connection === 'reconnecting'));
}

/** The progress of the batch, 0 to 100. A finished job counts as 100, however it ended. */
export function overallProgress(jobs: readonly TrackingJob[], batch: ReadonlySet<string>): number {
  const counted = jobs.filter((job) => batch.has(job.id));
  if (counted.length === 0) {
    return 0;
  }
  return Math.round(counted.reduce((sum, job) => sum + (isActive(job) ? job.progress : 100), 0) / counted.length);
}

/** Whether the listener has ended because nobody is signed in. There is nothing to show then, not even the error. */
export function isSignedOut({ feed }: PanelState): boolean {
  return feed.status === 'failed' && feed.error.code === 'not-signed-in';
}
