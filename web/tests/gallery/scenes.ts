import { TrackingJobError } from '../../src/errors';
import type { TrackingJob } from '../../src/job';
import { germanLabels } from '../../src/panel/de';
import type { TrackingJobsPanelProps } from '../../src/panel/TrackingJobsPanel';
import type { PlatformPause } from '../../src/pauses';
import type { Connection, JobSource } from '../../src/service';
import { makeJob } from '../unit/panelJobs';

interface Scene {
  /** The first snapshot, if any. `next` follows shortly after it. */
  jobs?: TrackingJob[];
  next?: TrackingJob[];
  connection?: Connection;
  error?: TrackingJobError;
  /** The result of every cancel and retry. */
  action?: () => Promise<void>;
  props?: Partial<TrackingJobsPanelProps>;
  pauses?: PlatformPause[];
  /** Number of panels, in the same corner. */
  panels?: number;
  /** Buttons that are clicked, by the beginning of their names. */
  clicks?: string[];
}

const LONG = 'a_very_long_username_that_nobody_would_type_but_somebody_did.and_it_goes_on_and_on_to_one_hundred_ch';

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);

const running = (id: string, fields: Partial<TrackingJob> = {}) =>
  makeJob({ id, status: 'processing', attempt: 1, startedAt: ago(34), message: '', ...fields });

const waiting = makeJob({ id: 'waiting', username: 'natgeo', platform: 'tiktok', createdAt: ago(12) });
const lookingUp = running('lookingUp', {
  username: 'MrBeast',
  platform: 'youtube',
  startedAt: ago(2),
  message: 'Looking up the YouTube account.',
});
const fetching = running('fetching', {
  progress: 50,
  message: 'Account saved; fetching its posts.',
  accountId: 'instagram_528817151',
});
const saving = running('saving', {
  username: 'https://x.com/NASA/',
  platform: 'twitter',
  progress: 70,
  startedAt: ago(95),
  message: 'Saved 1,500 of 4,200 videos.',
});
const ended = { startedAt: ago(64), completedAt: ago(16), attempt: 1 };
const completed: TrackingJob = {
  ...fetching,
  ...ended,
  status: 'completed',
  progress: 100,
  message: 'Done: 33 videos saved.',
};
const failed = makeJob({
  ...ended,
  id: 'failed',
  username: 'nasaa',
  status: 'failed',
  error: 'Instagram has no account named nasaa.',
  errorCode: 'AccountNotFoundError',
});
const failedLate = makeJob({
  ...ended,
  id: 'failedLate',
  username: 'selenagomez',
  platform: 'tiktok',
  status: 'failed',
  progress: 50,
  errorCode: 'TimedOut',
  error:
    'TikTok did not answer within the time that a job has, after three tries. Nothing of the account was lost; retry later.',
});
const cancelled: TrackingJob = { ...saving, ...ended, status: 'cancelled', message: 'Cancelled.' };
const paused = makeJob({
  id: 'paused',
  username: 'veritasium',
  platform: 'youtube',
  createdAt: ago(4000),
  attempt: 1,
  message: 'YouTube has used up its quota for today; resumes about 08:00 UTC.',
});
const queue = ['natgeo', 'esa', 'nba'].map((username, number) =>
  makeJob({ id: username, username, platform: 'tiktok', createdAt: ago(80 - 30 * number) }),
);
const refuse = () => Promise.reject(new TrackingJobError('offline'));
const never = () => new Promise<void>(() => {});

const failures = (
  [
    'AccountNotFoundError',
    'AccountPrivateError',
    'AccountSuspendedError',
    'InvalidJobError',
    'PlatformUnavailableError',
    'TimedOut',
    'StoreUnavailableError',
    'InternalError',
  ] as const
).map((errorCode, number) =>
  makeJob({
    ...failedLate,
    id: `failure${number}`,
    username: `account_${number}`,
    platform: (['instagram', 'tiktok', 'youtube', 'twitter'] as const)[number % 4] ?? 'instagram',
    errorCode,
    progress: number * 10,
    error: 'A sentence says what happened.',
  }),
);

const past = Array.from({ length: 30 }, (_, number) =>
  makeJob({
    id: `past${number}`,
    username: `account_${number}`,
    platform: (['instagram', 'tiktok', 'youtube', 'twitter'] as const)[number % 4] ?? 'instagram',
    status: (['completed', 'completed', 'completed', 'failed', 'cancelled'] as const)[number % 5] ?? 'completed',
    errorCode: number % 5 === 3 ? 'AccountPrivateError' : null,
    error: number % 5 === 3 ? 'This account is private.' : null,
    message: number % 5 === 3 ? '' : 'Done: 33 videos saved.',
    progress: number % 5 > 2 ? 30 : 100,
    attempt: 1,
    accountId: `account_${number}`,
    startedAt: ago(90_060 * number + 120),
    completedAt: ago(90_060 * number + 60),
    createdAt: ago(90_060 * number + 130),
  }),
);

const detailed = {
  ...completed,
  attempt: 2,
  retryCount: 1,
  steps: { accountFetched: ago(50), accountSaved: ago(48), videosFetched: ago(30) },
  spent: { usd: 0.0123, runs: 2, results: 33 },
};

const many = Array.from({ length: 200 }, (_, number) =>
  makeJob({
    id: `many${number}`,
    username: `account_${number}`,
    platform: (['instagram', 'tiktok', 'youtube', 'twitter'] as const)[number % 4] ?? 'instagram',
    status: number % 10 === 0 ? 'processing' : 'pending',
    message: number % 10 === 0 ? 'Found account.' : 'Waiting to start.',
    progress: number % 10 === 0 ? (([0, 30, 50, 70] as const)[(number / 10) % 4] ?? 0) : 0,
    startedAt: ago(number),
    createdAt: ago(300 - number),
  }),
);

export const SCENES: Readonly<Record<string, Scene>> = {
  waiting: { jobs: [waiting] },
  queue: { jobs: [fetching, ...queue], clicks: ['@nba'] },
  lookingUp: { jobs: [lookingUp] },
  running: { jobs: [lookingUp, running('account', { progress: 30, message: 'Found NASA.' }), fetching, saving] },
  mixed: {
    jobs: [lookingUp, fetching, saving, waiting, failed],
    next: [lookingUp, completed, saving, waiting, failed],
  },
  completed: { jobs: [fetching], next: [completed] },
  failed: { jobs: [failed, failedLate] },
  cancelled: { jobs: [saving], next: [cancelled] },
  paused: { jobs: [paused], pauses: [{ platform: 'youtube', until: ago(-4000), reason: 'QuotaExceededError' }] },
  onHold: { jobs: [paused] },
  long: {
    jobs: [running('long', { username: LONG, progress: 30 }), waiting, { ...failed, id: 'longFailed', username: LONG }],
  },
  many: { jobs: many },
  failures: { jobs: [...failures, fetching, waiting] },
  details: { jobs: [fetching, failed], next: [detailed, failed], clicks: ['nasa', '@nasaa', '@nasa, '] },
  failedDetails: { jobs: [failedLate, fetching], clicks: ['@selena'] },
  editing: { jobs: [failed, fetching], clicks: ['Edit name'] },
  notEdited: { jobs: [failed, fetching], clicks: ['Edit name', 'Track'], action: refuse },
  estimated: { jobs: [running('left', { progress: 30, startedAt: ago(25) }), running('late'), ...past.slice(0, 25)] },
  collapsed: { jobs: [lookingUp, fetching, failed], clicks: ['Account tracking'] },
  idle: { jobs: past, props: { visibility: 'always' } },
  history: { jobs: [fetching, ...past], clicks: ['History'] },
  nothingFound: { jobs: [], props: { open: true } },
  german: {
    jobs: [lookingUp, fetching, saving, waiting, failed, ...failures.slice(2)],
    props: { labels: germanLabels },
  },
  twoPanels: { jobs: [fetching, waiting, failed], panels: 2 },
  reconnecting: { jobs: [fetching, waiting], connection: 'reconnecting' },
  listenerFailed: { jobs: [fetching], error: new TrackingJobError('not-allowed') },
  listenerRefused: { error: new TrackingJobError('not-allowed') },
  busy: { jobs: [fetching, failed], action: never },
  refused: { jobs: [fetching, failed], action: refuse },
  nothing: { jobs: [] },
};

const NEXT_MS = 150;

/** Make the source of a scene. `onPlayed` is called when nothing more will change. */
export function sourceOf(name: string, onPlayed: () => unknown): JobSource {
  const scene = SCENES[name];
  if (!scene) {
    throw new Error(`no scene is named ${name}`);
  }
  const act = scene.action ?? (() => Promise.resolve());
  return {
    watchProjectJobs(_orgId, _projectId, onJobs, onError) {
      if (scene.jobs) {
        onJobs(scene.jobs, scene.connection ?? 'live');
      }
      const { next, error } = scene;
      const timer = setTimeout(() => {
        if (next) {
          onJobs(next, 'live');
        }
        if (error) {
          onError?.(error);
        }
        onPlayed();
      }, NEXT_MS);
      return () => clearTimeout(timer);
    },
    watchPauses(onPauses) {
      onPauses(scene.pauses ?? []);
      return () => {};
    },
    retryJob: act,
    cancelJob: act,
    createJob: () => act().then(() => 'job'),
  };
}
