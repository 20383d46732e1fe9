/** The front end reads and writes jobs as contracts/job.json says. Functions and rules use it, too. */

import { type DocumentSnapshot, FieldValue, serverTimestamp, Timestamp } from 'firebase/firestore';
import { describe, expect, test } from 'vitest';
import contract from '../../../contracts/job.json';
import { platforms } from '../../../contracts/platforms.json';
import { checkId } from '../../src/inputChecks';
import * as job from '../../src/job';
import { COLLECTION, cancelFields, newJobFields, readJob, readJobs, retryFields } from '../../src/jobDocuments';

const NOW = Timestamp.fromDate(new Date('2026-11-23T12:00:00Z'));
const VALUES = { string: 'text', int: 7, timestamp: NOW, map: {} };
/** Maps whose names the reader knows. */
const MAPS = {
  steps: { accountSaved: NOW },
  spent: { units: 3, usd: 0.25 },
  messageParams: { platform: 'X', posts: 7 },
};
/** Fields that only the functions use: pages do not show them. */
const UNSHOWN = [
  'claimId',
  'claimProgress',
  'leaseUntil',
  'executionArn',
  'priority',
  'expiries',
  'expireAt',
  'runs',
  'part',
  'resume',
];

/** Replace the server's time by the contract's name for it. */
function described(fields: Readonly<Record<string, unknown>>) {
  const name = (value: unknown) => (value instanceof FieldValue && value.isEqual(serverTimestamp()) ? '<now>' : value);
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, name(value)]));
}

/** The part of a snapshot that the reader uses. */
function snapshotOf(data: Readonly<Record<string, unknown>>, id = 'job1'): DocumentSnapshot {
  return { id, data: () => data } as unknown as DocumentSnapshot;
}

function document(overrides: Readonly<Record<string, unknown>> = {}) {
  const fields = Object.entries(contract.fields).map(([field, kind]) => {
    return [field, VALUES[kind.replace('?', '') as keyof typeof VALUES]];
  });
  const choices = { platform: 'tiktok', accountType: 'my', status: 'failed' };
  return { ...Object.fromEntries(fields), ...MAPS, ...choices, ...overrides };
}

test('names and numbers are those of the contract', () => {
  expect(job.STATUSES).toEqual(contract.statuses);
  expect(job.FINISHED).toEqual(contract.finished);
  const labels = Object.entries(platforms).map(([name, { label }]) => [name, label]);
  expect(job.PLATFORM_LABELS).toEqual(Object.fromEntries(labels));
  expect(job.PLATFORMS).toEqual(Object.keys(platforms));
  expect(job.ACCOUNT_TYPES).toEqual(contract.accountTypes);
  expect(job.PROGRESS).toEqual(contract.progress);
  expect(job.STEPS).toEqual(contract.steps.names);
  expect(job.RESOURCES).toEqual(Object.keys(contract.spent).filter((name) => name !== 'about'));
  expect(job.MAX_USERNAME_LENGTH).toBe(contract.maxUsernameLength);
  expect(job.MAX_ID_LENGTH).toBe(contract.maxIdLength);
  expect(COLLECTION).toBe(contract.collection);
});

describe('ids', () => {
  test.each(contract.ids.taken)('%j is one', (id) => {
    expect(() => checkId('projectId', id)).not.toThrow();
  });

  test.each(contract.ids.refused)('%j is none', (id) => {
    expect(() => checkId('projectId', id)).toThrow(/^(The projectId is not a valid id|No projectId was given)\.$/);
  });
});

/** Each change of a user is also one of the contract's legal transitions. */
test('a user may cancel and retry as the contract says', () => {
  expect(job.CANCELLABLE).toEqual(contract.userTransitions.cancel.from);
  expect(job.RETRYABLE).toEqual(contract.userTransitions.retry.from);
  for (const { from, to } of Object.values(contract.userTransitions)) {
    for (const status of from) {
      expect(contract.transitions[status as job.JobStatus]).toContain(to);
    }
  }
});

describe('what is written', () => {
  test('of a new job', () => {
    const fields = ['orgId', 'projectId', 'userId', 'username', 'platform', 'accountType'];
    const given = Object.fromEntries(fields.map((field) => [field, `<${field}>`]));
    expect(described(newJobFields(given as never))).toEqual(contract.changes.create);
  });

  test('by a cancel', () => {
    expect(described(cancelFields())).toEqual(contract.changes.cancel);
  });

  test('by a retry', () => {
    expect(described(retryFields())).toEqual(contract.changes.retry);
  });
});

describe('what is read', () => {
  test('is every field of the contract that pages show, and no other', () => {
    const read = readJob(snapshotOf(document()));
    const shown = Object.entries(document()).filter(([field]) => !UNSHOWN.includes(field));
    const expected = shown.map(([field, value]) => [field, value === NOW ? NOW.toDate() : value]);
    const steps = { accountSaved: NOW.toDate() };
    expect(read).toEqual({ id: 'job1', ...Object.fromEntries(expected), steps });
  });

  test.each(Object.entries(contract.fields))('bears a missing or odd %s (%s)', (field, kind) => {
    const isChoice = ['platform', 'accountType', 'status'].includes(field);
    for (const odd of [undefined, null, { a: 1 }, [], true, kind.startsWith('string') ? 7 : 'text']) {
      if (isChoice) {
        expect(() => readJob(snapshotOf(document({ [field]: odd })))).toThrow(/cannot be shown/);
      } else if (!UNSHOWN.includes(field)) {
        const value = readJob(snapshotOf(document({ [field]: odd })))[field as keyof job.TrackingJob];
        expect([null, '', 0, {}, ...(field === 'messageParams' ? [{ a: 1 }] : [])]).toContainEqual(value);
      }
    }
  });

  test.each([
    [-1, 0],
    [55.9, 55],
    [101, 100],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
  ])('progress %d is shown as %d', (progress, shown) => {
    expect(readJob(snapshotOf(document({ progress }))).progress).toBe(shown);
  });

  test('keeps what is readable of a map', () => {
    const steps = { accountFetched: NOW, accountSaved: 'text', videosFetched: null, other: NOW };
    const spent = { units: 3, usd: '0.25', posts: -1, users: Number.NaN, media: 0, other: 1 };
    const messageParams = { posts: 7, platform: 'X', odd: null, list: ['a'], map: {} };
    const read = readJob(snapshotOf(document({ steps, spent, messageParams })));
    expect(read.steps).toEqual({ accountFetched: NOW.toDate() });
    expect(read.spent).toEqual({ units: 3 });
    expect(read.messageParams).toEqual({ posts: 7, platform: 'X' });
  });

  test('leaves unreadable jobs out of a list', () => {
    const list = [
      snapshotOf(document(), 'one'),
      snapshotOf(document({ status: 'paused' }), 'two'),
      snapshotOf(document({ platform: 'toString' }), 'three'),
      snapshotOf(document(), 'four'),
    ];
    expect(readJobs(list).map(({ id }) => id)).toEqual(['one', 'four']);
  });
});
