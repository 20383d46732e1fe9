import { type DocumentData, deleteField, doc, serverTimestamp, setDoc, Timestamp, updateDoc } from 'firebase/firestore';
import contract from '../../../../contracts/job.json';
import type { JobStatus } from '../../../src/job';
import {
  ADMIN,
  FIELDS,
  fullJob,
  IN_BOTH,
  MEMBER,
  NOBODY,
  OUTSIDER,
  OWNER,
  otherValue,
  ownJob,
  plainJob,
  STATUSES,
  WITHOUT_ROLE,
} from '../background';
import type { Case } from '../rulesHarness';

/** Return a change of the contract, with the server's time for <now>. */
function described(change: keyof typeof contract.changes): DocumentData {
  const fields = Object.entries(contract.changes[change]);
  return Object.fromEntries(fields.map(([field, value]) => [field, value === '<now>' ? serverTimestamp() : value]));
}

const CANCEL = described('cancel');
const RETRY = described('retry');
const CANCELLABLE = contract.userTransitions.cancel.from;
const RETRYABLE = contract.userTransitions.retry.from;

function update(
  allowed: boolean,
  name: string,
  job: DocumentData,
  change: DocumentData,
  as: string | null = MEMBER,
): Case {
  const path = ownJob();
  return { name, allowed, as, before: { [path]: job }, run: (db) => updateDoc(doc(db, path), change) };
}

/** Try every pair of statuses, by writing only the status and by writing a whole change. */
function jumps(): Case[] {
  return STATUSES.flatMap((from) =>
    STATUSES.flatMap((status) => [
      update(
        CANCELLABLE.includes(from) && status === 'cancelled',
        `write nothing but ${status} to a job that is ${from}`,
        fullJob(from),
        { status },
      ),
      update(
        CANCELLABLE.includes(from) && status === 'cancelled',
        `cancel, but to ${status}, a job that is ${from}`,
        fullJob(from),
        { ...CANCEL, status },
      ),
      update(
        RETRYABLE.includes(from) && status === 'pending',
        `retry, but to ${status}, a job that is ${from}`,
        fullJob(from),
        { ...RETRY, status },
      ),
    ]),
  );
}

/** Try a change of MEMBER's job in acme as each kind of user. */
function byWhom(verb: string, from: JobStatus, change: DocumentData): Case[] {
  const people: [string | null, string, boolean][] = [
    [OWNER, "their organisation's owner", true],
    [ADMIN, "their organisation's admin", true],
    [WITHOUT_ROLE, 'another member', true],
    [OUTSIDER, 'an owner of another organisation', false],
    [NOBODY, 'nobody', false],
  ];
  return people.map(([as, who, allowed]) =>
    update(allowed, `${verb} a member's job as ${who}`, fullJob(from), change, as),
  );
}

/** Try a change together with each field that does not belong to it. */
function withOthers(verb: string, from: JobStatus, change: DocumentData): Case[] {
  const others = [...FIELDS, 'somethingElse'].filter((field) => !(field in change));
  return others.flatMap((field) => [
    update(false, `${verb} and set ${field}`, fullJob(from), { ...change, [field]: otherValue(field) }),
    ...(field === 'somethingElse'
      ? []
      : [update(false, `${verb} and delete ${field}`, fullJob(from), { ...change, [field]: deleteField() })]),
  ]);
}

const clientsClock = Timestamp.fromMillis(Date.UTC(2026, 0, 20));

const cancelling: Case[] = [
  ...byWhom('cancel', 'processing', CANCEL),
  ...withOthers('cancel', 'processing', CANCEL),
  update(true, 'cancel an old job that has no optional field', plainJob('pending'), CANCEL),
  ...Object.keys(CANCEL)
    .filter((field) => field !== 'status')
    .flatMap((field) => [
      update(true, `cancel and keep all but ${field}`, fullJob('processing'), {
        status: 'cancelled',
        [field]: CANCEL[field],
      }),
      update(true, `cancel and keep ${field}`, fullJob('processing'), without(CANCEL, field)),
      update(false, `cancel and delete ${field}`, fullJob('processing'), { ...CANCEL, [field]: deleteField() }),
      update(false, `cancel with a map for ${field}`, fullJob('processing'), { ...CANCEL, [field]: { is: 1 } }),
    ]),
  update(true, 'cancel with a message of 200 characters', fullJob('pending'), { ...CANCEL, message: 'y'.repeat(200) }),
  update(false, 'cancel with a message of 201 characters', fullJob('pending'), { ...CANCEL, message: 'y'.repeat(201) }),
  update(false, "cancel at a client's time", fullJob('pending'), { ...CANCEL, completedAt: clientsClock }),
  update(false, "cancel, updated at a client's time", fullJob('pending'), { ...CANCEL, updatedAt: clientsClock }),
  update(false, 'cancel and give it a lease', fullJob('pending'), { ...CANCEL, leaseUntil: clientsClock }),
  update(false, 'cancel with expiries', fullJob('pending'), { ...CANCEL, expiries: 2 }),
  update(false, 'cancel with expiries below zero', fullJob('pending'), { ...CANCEL, expiries: -1 }),
];

const RESET = Object.keys(RETRY).filter((field) => field !== 'status');
const NULLED = RESET.filter((field) => RETRY[field] === null);

const retrying: Case[] = [
  ...byWhom('retry', 'failed', RETRY),
  ...withOthers('retry', 'failed', RETRY),
  update(true, 'retry an old job that has no optional field', plainJob('failed'), RETRY),
  update(
    true,
    'retry an old job and add none of the fields that are null',
    plainJob('failed'),
    without(RETRY, ...NULLED),
  ),
  ...RESET.flatMap((field) => [
    update(false, `retry and keep ${field}`, fullJob('failed'), without(RETRY, field)),
    update(false, `retry with a map for ${field}`, fullJob('failed'), { ...RETRY, [field]: { is: 1 } }),
    update(NULLED.includes(field), `retry and delete ${field}`, fullJob('failed'), {
      ...RETRY,
      [field]: deleteField(),
    }),
  ]),
  ...NULLED.map((field) =>
    update(false, `retry and set ${field}`, fullJob('failed'), { ...RETRY, [field]: otherValue(field) }),
  ),
  update(true, 'retry with a message of 200 characters', fullJob('failed'), { ...RETRY, message: 'y'.repeat(200) }),
  update(false, 'retry with progress', fullJob('failed'), { ...RETRY, progress: 1 }),
  update(false, 'retry with progress below zero', fullJob('failed'), { ...RETRY, progress: -1 }),
  update(false, 'retry with retries', fullJob('failed'), { ...RETRY, retryCount: 1 }),
  update(false, 'retry with retries below zero', fullJob('failed'), { ...RETRY, retryCount: -1 }),
  update(false, "retry, updated at a client's time", fullJob('failed'), { ...RETRY, updatedAt: clientsClock }),
];

/** Changes that are neither a cancel nor a retry. */
const meddling: Case[] = [
  ...FIELDS.filter((field) => field !== 'status').map((field) =>
    update(false, `set ${field} of a job`, fullJob('processing'), { [field]: otherValue(field) }),
  ),
  update(
    false,
    'move a job to another organisation as a member of both',
    plainJob('pending'),
    { orgId: 'globex' },
    IN_BOTH,
  ),
  overwrite('pending'),
  overwrite('completed'),
  { ...update(false, 'update a job that is not there', {}, CANCEL), before: {} },
];

function overwrite(from: JobStatus): Case {
  const path = ownJob();
  return {
    name: `overwrite a job that is ${from} with a new one`,
    allowed: false,
    as: MEMBER,
    before: { [path]: fullJob(from) },
    run: (db) => setDoc(doc(db, path), { ...plainJob('pending'), createdAt: serverTimestamp() }),
  };
}

function without(change: DocumentData, ...fields: string[]): DocumentData {
  return Object.fromEntries(Object.entries(change).filter(([field]) => !fields.includes(field)));
}

export const changing: Case[] = [...jumps(), ...cancelling, ...retrying, ...meddling];
