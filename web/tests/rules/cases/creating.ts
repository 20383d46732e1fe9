import { type DocumentData, doc, serverTimestamp, setDoc, Timestamp, writeBatch } from 'firebase/firestore';
import contract from '../../../../contracts/job.json';
import { platforms } from '../../../../contracts/platforms.json';
import usernames from '../../../../contracts/usernames.json';
import {
  FIELDS,
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

/** The fields that a front end writes, as in the contract, with example values. */
const { createdAt: _, ...VALID } = plainJob('pending');

/** Make a case that creates a job of valid fields, changed by `fields`. An undefined field is left out. */
function create(
  allowed: boolean,
  name: string,
  fields: DocumentData | (() => DocumentData) = {},
  { as = MEMBER, before = {} }: Partial<Pick<Case, 'as' | 'before'>> = {},
): Case {
  const path = ownJob();
  return {
    name: `create a job ${name}`,
    allowed,
    as,
    before: { [path]: null, ...before },
    run: (db) => {
      const changed = typeof fields === 'function' ? fields() : fields;
      const job = { ...VALID, createdAt: serverTimestamp(), ...changed };
      return setDoc(doc(db, path), Object.fromEntries(Object.entries(job).filter(([, value]) => value !== undefined)));
    },
  };
}

const allow = (
  name: string,
  fields?: DocumentData | (() => DocumentData),
  more?: Partial<Pick<Case, 'as' | 'before'>>,
) => create(true, name, fields, more);
const deny = (
  name: string,
  fields?: DocumentData | (() => DocumentData),
  more?: Partial<Pick<Case, 'as' | 'before'>>,
) => create(false, name, fields, more);

const createdIn = (seconds: number) => () => ({ createdAt: Timestamp.fromMillis(Date.now() + seconds * 1000) });
/** Format any text for a case's name. Each character outside of visible ASCII becomes its code. */
const shown = (text: string) => text.replace(/[^!-~]/gu, codeOf) || '""';
const codeOf = (char: string) => `<${char.codePointAt(0)?.toString(16)}>`;
const LONG_ID = 'x'.repeat(contract.maxIdLength + 1);
const WRITTEN = Object.keys(contract.changes.create);
const UNWRITTEN = FIELDS.filter((field) => !WRITTEN.includes(field));

export const creating: Case[] = [
  allow('as a member'),
  allow('as an owner', { userId: OWNER }, { as: OWNER }),
  allow('as a member without a role', { userId: WITHOUT_ROLE }, { as: WITHOUT_ROLE }),
  ...Object.keys(platforms).map((platform) => allow(`on ${platform}`, { platform })),
  ...contract.accountTypes.map((accountType) => allow(`of the type ${accountType}`, { accountType })),
  allow('with a username of one character', { username: 'x' }),
  allow('with a username of 100 characters', { username: 'x'.repeat(contract.maxUsernameLength) }),
  allow('with a username of emoji', { username: '🚀🛰️' }),
  ...usernames.invisible.visible.map((username) => allow(`with username ${shown(username)}`, { username })),
  allow('with a profile URL for a username', { username: 'https://www.youtube.com/@nasa' }),
  allow('with an id of one character', { projectId: 'p' }),
  allow('with an id of 128 characters', { projectId: 'p'.repeat(contract.maxIdLength) }),
  ...contract.ids.taken.map((projectId) => allow(`with id ${shown(projectId)}`, { projectId })),
  allow('with a message of 200 characters', { message: 'x'.repeat(200) }),
  allow('with an empty message', { message: '' }),
  allow('that was written offline a week ago', createdIn(-7 * 24 * 3600)),
  allow('by a clock that is nine and a half minutes fast', createdIn(9.5 * 60)),

  deny('when signed out', {}, { as: NOBODY }),
  deny('in an organisation of others', { userId: OUTSIDER }, { as: OUTSIDER }),
  deny('in an organisation that does not exist', { orgId: 'nowhere' }),
  deny("in another's name", { userId: OWNER }),
  ...WRITTEN.map((field) => deny(`without ${field}`, { [field]: undefined })),
  ...WRITTEN.map((field) => deny(`with null for ${field}`, { [field]: null })),
  ...WRITTEN.map((field) => deny(`with a list for ${field}`, { [field]: [1] })),
  ...WRITTEN.map((field) => deny(`with a map for ${field}`, { [field]: { is: 1 } })),
  ...WRITTEN.filter((field) => typeof VALID[field] === 'string').map((field) =>
    deny(`with a number for ${field}`, { [field]: 1 }),
  ),
  deny('with text for progress', { progress: '0' }),
  deny('with text for retryCount', { retryCount: '0' }),
  deny('with text for createdAt', { createdAt: '2026-01-15T09:00:00Z' }),
  deny('with a number for createdAt', { createdAt: 1 }),
  ...[...UNWRITTEN, 'somethingElse'].map((field) => deny(`that sets ${field}`, { [field]: otherValue(field) })),
  ...STATUSES.filter((status) => status !== 'pending').map((status) => deny(`that is ${status} already`, { status })),
  deny('with progress', { progress: 1 }),
  deny('with progress below zero', { progress: -1 }),
  deny('with retries', { retryCount: 1 }),
  deny('with retries below zero', { retryCount: -1 }),
  deny('on an unknown platform', { platform: 'facebook' }),
  deny('on a platform in capitals', { platform: 'YouTube' }),
  deny('of an unknown type', { accountType: 'partner' }),
  ...usernames.invisible.typed.map((username) => deny(`with username ${shown(username)}`, { username })),
  deny('with a username of 101 characters', { username: 'x'.repeat(contract.maxUsernameLength + 1) }),
  deny('with a huge username', { username: 'x'.repeat(100_000) }),
  deny('with a message of 201 characters', { message: 'x'.repeat(201) }),
  deny('with an id of 129 characters', { projectId: LONG_ID }),
  ...contract.ids.refused.map((projectId) => deny(`with id ${shown(projectId)}`, { projectId })),
  ...['__', '___'].map((orgId) =>
    deny(
      `in organisation ${orgId}, as its member`,
      { orgId },
      { before: { [`organizations/${orgId}/members/${MEMBER}`]: { role: 'member' } } },
    ),
  ),
  deny(
    'in an organisation whose id is too long, as its member',
    { orgId: LONG_ID },
    { before: { [`organizations/${LONG_ID}/members/${MEMBER}`]: { role: 'member' } } },
  ),
  deny(
    'with a path to another place that has members for an organisation',
    { orgId: 'globex/projects/p1' },
    { before: { [`organizations/globex/projects/p1/members/${MEMBER}`]: { role: 'member' } } },
  ),
  deny('by a clock that is ten and a half minutes fast', createdIn(10.5 * 60)),
  deny('in the far future', createdIn(365 * 24 * 3600)),
  createTwo(true, 'acme'),
  createTwo(false, 'globex'),
];

/** Make a case that creates two jobs in one batch, the second in this organisation. */
function createTwo(allowed: boolean, orgId: string): Case {
  const paths = [ownJob(), ownJob()] as const;
  return {
    name: `create a job of acme and one of ${orgId} in one batch`,
    allowed,
    as: MEMBER,
    before: { [paths[0]]: null, [paths[1]]: null },
    run: (db) =>
      writeBatch(db)
        .set(doc(db, paths[0]), { ...VALID, createdAt: serverTimestamp() })
        .set(doc(db, paths[1]), { ...VALID, orgId, createdAt: serverTimestamp() })
        .commit(),
  };
}
