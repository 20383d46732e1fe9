import { type DocumentData, Timestamp } from 'firebase/firestore';
import contract from '../../../contracts/job.json';
import type { JobStatus } from '../../src/job';
import { examplesOf } from '../accountExamples';
import type { Documents } from './rulesHarness';

/** Members of acme; each user's id names the role. */
export const OWNER = 'acme-owner';
export const ADMIN = 'acme-admin';
export const MEMBER = 'acme-member';
/** A member whose document has no role, as older ones may. */
export const WITHOUT_ROLE = 'acme-member-without-role';
/** Owner of another organisation. */
export const OUTSIDER = 'globex-owner';
export const IN_BOTH = 'member-of-acme-and-globex';
export const NOBODY = null;

export const STATUSES = contract.statuses as JobStatus[];
export const FINISHED = contract.finished as JobStatus[];
/** All fields of a job's document. */
export const FIELDS = Object.keys(contract.fields);

export const ACCOUNTS = 'organizations/acme/projects/p1/trackedAccounts';
export const ACCOUNT = `${ACCOUNTS}/youtube_1`;
export const VIDEO = `${ACCOUNT}/videos/v1`;
export const ACCOUNT_HISTORY = `${ACCOUNT}/accountHistory/2026-11`;
export const VIDEO_HISTORY = `${ACCOUNT}/videoHistory/2026-11`;
export const VIDEO_INDEX = `${ACCOUNT}/videoIndex/1`;
export const REMOVALS = 'organizations/acme/projects/p1/removedAccounts';
export const ACME_JOB = 'trackingJobs/acme-job';
export const GLOBEX_JOB = 'trackingJobs/globex-job';
export const PAUSES = 'trackingControl/platforms';
export const EVENT = 'outbox/acme-job-1-0123456789abcdef0123-completed';
export const ENDPOINTS = 'organizations/acme/webhookEndpoints';
export const ENDPOINT = `${ENDPOINTS}/e1`;
export const DELIVERIES = `${ENDPOINT}/deliveries`;
export const DELIVERY = `${DELIVERIES}/d1`;
export const SETTINGS = 'organizations/acme/notificationSettings';
export const MAIL_WINDOW = `organizations/acme/mailWindows/${MEMBER}`;
export const MAIL = 'mail/m1';
export const SUPPRESSION = 'mailSuppressions/b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78';
export const PAUSES_SHOWN = 'trackingStatus/platforms';
export const WAITS_SHOWN = 'organizations/acme/trackingStatus/refreshes';

const [accountExample] = examplesOf('account').valid;
const [videoExample] = examplesOf('video').valid;

const EARLIER = Timestamp.fromMillis(Date.UTC(2026, 0, 15, 9));

/** Make a job's document with only the fields that front ends have always written. */
export function plainJob(status: JobStatus, orgId = 'acme'): DocumentData {
  return {
    orgId,
    projectId: 'p1',
    userId: orgId === 'acme' ? MEMBER : OUTSIDER,
    username: '@nasa',
    platform: 'youtube',
    accountType: 'my',
    status,
    progress: 0,
    message: 'Waiting to start.',
    createdAt: EARLIER,
    retryCount: 0,
  };
}

/** Make a job with every field. No field has the value that a cancel or a retry would write. */
export function fullJob(status: JobStatus): DocumentData {
  return {
    ...plainJob(status),
    progress: 30,
    message: 'x'.repeat(201), // longer than a front end may write: the functions write sentences of any length
    retryCount: 2,
    accountId: 'youtube_1',
    error: 'YouTube has no account named nasa.',
    errorCode: 'AccountNotFoundError',
    startedAt: EARLIER,
    completedAt: EARLIER,
    attempt: 2,
    claimId: '0123456789abcdef',
    claimProgress: 30,
    leaseUntil: EARLIER,
    executionArn: 'arn:aws:states:us-east-1:000000000000:execution:tracking:nasa',
    updatedAt: EARLIER,
    priority: 1,
    expiries: 1,
    expireAt: EARLIER,
    runs: { posts: 'HG7ML7M8z78YcAPEB' },
    part: 2,
    resume: { cursor: '1204', saved: 1204, missing: 0, total: 5000, retryAt: null },
    spent: { units: 3 },
    messageCode: 'accountNotFound',
    messageParams: { service: 'YouTube', account: 'nasa' },
    steps: { accountFetched: EARLIER },
  };
}

/** Return a value of the field's type that no job of these tests has. For an unknown field it is a text. */
export function otherValue(field: string): unknown {
  const type = (contract.fields as Record<string, string>)[field] ?? 'string';
  const timestamp = Timestamp.fromMillis(Date.UTC(2025, 5, 1));
  return { string: 'another', int: 77, timestamp, map: { another: 'text' } }[type.replace('?', '')];
}

export const BACKGROUND: Documents = {
  'organizations/acme': { name: 'Acme' },
  [`organizations/acme/members/${OWNER}`]: { role: 'owner' },
  [`organizations/acme/members/${ADMIN}`]: { role: 'admin' },
  [`organizations/acme/members/${MEMBER}`]: { role: 'member' },
  [`organizations/acme/members/${WITHOUT_ROLE}`]: { joinedAt: EARLIER },
  [`organizations/acme/members/${IN_BOTH}`]: { role: 'member' },
  'organizations/acme/projects/p1': { name: 'Rockets' },
  [ACCOUNT]: { ...accountExample?.document },
  [VIDEO]: { ...videoExample?.document },
  [ACCOUNT_HISTORY]: { days: { '30': { at: EARLIER, f: 10, g: 7, p: 4, v: null, n: null, tv: 5 } } },
  [VIDEO_HISTORY]: { v: { v1: { '30': [5, 4, 3, null] } } },
  [VIDEO_INDEX]: { of: 1, v: { v1: { h: '9f86d081884c7d65', t: EARLIER, m: 'video', w: 5, s: '2026-11-30' } } },
  [ACME_JOB]: plainJob('processing'),
  'organizations/globex': { name: 'Globex' },
  [`organizations/globex/members/${OUTSIDER}`]: { role: 'owner' },
  [`organizations/globex/members/${IN_BOTH}`]: { role: 'member' },
  [GLOBEX_JOB]: plainJob('completed', 'globex'),
  [ENDPOINT]: { url: 'https://example.com/', enabled: true },
  [DELIVERY]: { type: 'tracking.job.completed', state: 'failed' },
  [MAIL_WINDOW]: { dueAt: EARLIER, eventIds: [] },
  [MAIL]: { to: ['mia@example.com'], orgId: 'acme', userId: MEMBER },
  [SUPPRESSION]: { reason: 'bounce', at: EARLIER },
  [PAUSES]: { youtube: { until: EARLIER, reason: 'quota' } },
  [EVENT]: {
    event: { orgId: 'acme', projectId: 'p1', userId: MEMBER, type: 'tracking.job.completed', occurredAt: EARLIER },
    dueAt: EARLIER,
    expireAt: EARLIER,
  },
};

let jobs = 0;

/** Return the path of a job that no other case uses. */
export function ownJob(): string {
  jobs += 1;
  return `trackingJobs/job-${jobs}`;
}
