/** What `createJob` and the others are given, checked before anything is written or asked. */

import { type InputField, InvalidInputError } from './errors';
import { ACCOUNT_TYPES, MAX_ID_LENGTH, PLATFORM_LABELS, PLATFORMS } from './job';
import type { NewJob } from './jobDocuments';
import { checkUsername } from './username';

/** Pages without types exist: each value may be anything. InvalidInputError names the first that is wrong. */
export function checkNewJob(job: NewJob): void {
  checkId('orgId', job.orgId);
  checkId('projectId', job.projectId);
  checkId('userId', job.userId);
  checkChoice('platform', job.platform, PLATFORMS, Object.values(PLATFORM_LABELS));
  checkChoice('accountType', job.accountType, ACCOUNT_TYPES, ACCOUNT_TYPES);
  const typed: unknown = job.username;
  const refusal = checkUsername(typeof typed === 'string' ? typed : '', job.platform);
  if (refusal !== null) {
    throw new InvalidInputError('username', refusal);
  }
}

/** Ids become parts of paths: https://firebase.google.com/docs/firestore/quotas#limits */
export function checkId(field: InputField, id: unknown): void {
  if (typeof id !== 'string' || id === '') {
    throw new InvalidInputError(field, `No ${field} was given.`);
  }
  const isReserved = id === '.' || id === '..' || (id.startsWith('__') && id.endsWith('__'));
  if (id.length > MAX_ID_LENGTH || id.includes('/') || isReserved) {
    throw new InvalidInputError(field, `The ${field} is not a valid id.`);
  }
}

export function checkDays(days: number): void {
  if (!(days >= 0 && Number.isFinite(days))) {
    throw new InvalidInputError('days', 'The number of days must be 0 or more.');
  }
}

function checkChoice(field: InputField, value: unknown, choices: readonly unknown[], names: readonly string[]): void {
  if (!choices.includes(value)) {
    throw new InvalidInputError(field, `The ${field} must be one of: ${names.join(', ')}.`);
  }
}
