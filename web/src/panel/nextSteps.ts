import { CANCELLABLE, type TrackingJob } from '../job';
import type { FailureCode } from './labels';

/** The step that helps after a failure: another try, another name, or nothing. */
export type NextStep = 'retry' | 'edit' | 'remove';

const NEXT_STEPS: Readonly<Record<FailureCode, NextStep>> = {
  InvalidJobError: 'edit',
  AccountNotFoundError: 'edit',
  AccountPrivateError: 'remove',
  AccountSuspendedError: 'remove',
  IdentityChangedError: 'remove',
  AllowanceSpentError: 'retry',
  CredentialsError: 'retry',
  QuotaExceededError: 'retry', // the job then waits in the queue until the platform takes it
  ContractError: 'retry',
  PlatformUnavailableError: 'retry',
  RateLimitedError: 'retry',
  StoreUnavailableError: 'retry',
  OvertakenError: 'retry',
  TimedOut: 'retry',
  InternalError: 'retry',
  ExecutionAborted: 'retry',
};

/** Return what helps a failed or cancelled job; null for any other. A code of a newer version has a retry. */
export function nextStep(job: TrackingJob): NextStep | null {
  if (CANCELLABLE.includes(job.status) || job.status === 'completed') {
    return null;
  }
  return (NEXT_STEPS as Record<string, NextStep>)[job.errorCode ?? ''] ?? 'retry';
}
