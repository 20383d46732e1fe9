/** Paths of accounts, and the scopes that name them. */

import type { Auth } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';
import { checkId } from './inputChecks';

/** The page's own Firebase. With `auth`, a listener that the rules refused is opened again when somebody signs in. */
export interface AccountSource {
  firestore: Firestore;
  auth?: Auth;
}

export interface ProjectScope {
  orgId: string;
  projectId: string;
}

export interface AccountScope extends ProjectScope {
  accountId: string;
}

/** Return the path of a project's accounts. Throws a TrackingJobError `invalid-input` for a wrong id. */
export function accountsPath(scope: ProjectScope): string {
  return `${projectPath(scope)}/trackedAccounts`;
}

function projectPath({ orgId, projectId }: ProjectScope): string {
  checkId('orgId', orgId);
  checkId('projectId', projectId);
  return `organizations/${orgId}/projects/${projectId}`;
}

/** Return the path of an account; otherwise as `accountsPath`. */
export function accountPath(scope: AccountScope): string {
  checkId('accountId', scope.accountId);
  return `${accountsPath(scope)}/${scope.accountId}`;
}

/** Return the path of the document that asks for the deletion of what lies below a removed account. */
export function removalPath(scope: AccountScope): string {
  checkId('accountId', scope.accountId);
  return `${projectPath(scope)}/removedAccounts/${scope.accountId}`;
}
