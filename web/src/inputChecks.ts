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

export function checkNewest(newest: number, field: InputField = 'newest'): void {
  if (!(Number.isInteger(newest) && newest >= 1)) {
    throw invalidInput(field, 'The number of newest items must be a whole number, 1 or more.');
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

/** Check a text that a person writes, and return it without white space at its ends. Throws `invalid-input`. */
export function checkText(field: InputField, value: unknown, most: number): string {
  const text = typeof value === 'string' ? value.trim() : null;
  if (text === null || text.length > most) {
    throw invalidInput(field, `The ${field} must be a text of at most ${most} characters.`);
  }
  return text;
}

export function checkList(field: InputField, value: unknown, most: number): void {
  if (!Array.isArray(value) || value.length > most) {
    throw invalidInput(field, `The ${field} must be a list of at most ${most}.`);
  }
}

/** Check a list of ids, and return it without repeated ones. Throws `invalid-input`. */
export function checkIds(field: InputField, ids: readonly string[], most: number): string[] {
  checkList(field, ids, most);
  for (const id of ids) {
    checkId(field, id);
  }
  return [...new Set(ids)];
}

export function checkSwitch(field: InputField, value: unknown): boolean {
  if (typeof value !== 'boolean') {
    throw invalidInput(field, `The ${field} must be true or false.`);
  }
  return value;
}

/** Check a moment. Throws `invalid-input`. */
export function checkMoment(field: InputField, value: unknown): Date {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) {
    throw invalidInput(field, `The ${field} must be a date.`);
  }
  return value;
}
