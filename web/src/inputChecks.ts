/** Checks of arguments, before anything is written or queried. */

import { type InputField, invalidInput } from './errors';
import { ACCOUNT_TYPES, MAX_ID_LENGTH, PLATFORM_LABELS, PLATFORMS } from './job';
import type { NewJob } from './jobDocuments';
import { checkUsername } from './username';

const MAX_HISTORY_DAYS = 3_660;

/**
 * Check the fields of a new job; pages without TypeScript may pass anything. Throws a TrackingJobError
 * `invalid-input` that names the first wrong field.
 */
export function checkNewJob(job: NewJob): void {
  checkId('orgId', job.orgId);
  checkId('projectId', job.projectId);
  checkId('userId', job.userId);
  checkChoice('platform', job.platform, PLATFORMS, Object.values(PLATFORM_LABELS));
  checkChoice('accountType', job.accountType, ACCOUNT_TYPES);
  const typed: unknown = job.username;
  const refusal = checkUsername(typeof typed === 'string' ? typed : '', job.platform);
  if (refusal !== null) {
    throw invalidInput('username', refusal);
  }
}

/**
 * Check an id, which becomes part of a document's path. Throws `invalid-input`.
 * https://firebase.google.com/docs/firestore/quotas#limits
 */
export function checkId(field: InputField, id: unknown): void {
  if (typeof id !== 'string' || id === '') {
    throw invalidInput(field, `No ${field} was given.`);
  }
  const isReserved = id === '.' || id === '..' || (id.startsWith('__') && id.endsWith('__'));
  if (id.length > MAX_ID_LENGTH || id.includes('/') || isReserved) {
    throw invalidInput(field, `The ${field} is not a valid id.`);
  }
}

export function checkDays(days: number): void {
  if (!(days >= 0 && Number.isFinite(days))) {
    throw invalidInput('days', 'The number of days must be 0 or more.');
  }
}

export function checkHistoryDays(days: number): void {
  if (!(Number.isInteger(days) && days >= 1 && days <= MAX_HISTORY_DAYS)) {
    throw invalidInput('days', `The number of days must be a whole number from 1 to ${MAX_HISTORY_DAYS}.`);
  }
}

export function checkNewest(newest: number): void {
  if (!(Number.isInteger(newest) && newest >= 1)) {
    throw invalidInput('newest', 'The number of newest items must be a whole number, 1 or more.');
  }
}

/** Check that a value is one of the choices; `names` are for people. Throws `invalid-input`. */
export function checkChoice(
  field: InputField,
  value: unknown,
  choices: readonly unknown[],
  names: readonly unknown[] = choices,
): void {
  if (!choices.includes(value)) {
    throw invalidInput(field, `The ${field} must be one of: ${names.join(', ')}.`);
  }
}
