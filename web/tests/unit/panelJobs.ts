import type { TrackingJob } from '../../src/job';

/** Make a job with default values. A test or a scene passes only the fields that matter to it. */
export function makeJob(fields: Partial<TrackingJob> = {}): TrackingJob {
  return {
    id: 'job',
    orgId: 'org',
    projectId: 'project',
    userId: 'user',
    username: 'nasa',
    platform: 'instagram',
    accountType: 'competitor',
    status: 'pending',
    progress: 0,
    message: 'Waiting to start.',
    messageCode: null,
    messageParams: {},
    createdAt: new Date('2026-11-23T12:00:00Z'),
    startedAt: null,
    completedAt: null,
    updatedAt: null,
    retryCount: 0,
    attempt: 0,
    accountId: null,
    error: null,
    errorCode: null,
    steps: {},
    spent: {},
    ...fields,
  };
}
