import type { JobStatus, TrackingJob } from '../job';
import type { Connection } from '../service';
import { type Clock, clockAfter, NEW_CLOCK } from './clockSkew';
import { announcementOf } from './labels';
import { isActive } from './rows';

/** What the panel has seen happen since it was mounted. */
export interface Visit {
  /** The last known status of every job ever seen; null before the first snapshot. */
  statuses: ReadonlyMap<string, JobStatus> | null;
  /** Jobs that ended before our eyes and are still listed. */
  ended: ReadonlySet<string>;
  /** Jobs since the queue was last empty: what the overall progress is of. */
  batch: ReadonlySet<string>;
  isBusy: boolean;
  /** Every job seen to become completed, once each. A completion is final, so its id is key enough. */
  completions: ReadonlyMap<string, string | null>;
  /** `number` tells two equal texts apart. */
  announcement: { text: string; number: number };
  clock: Clock;
}

export const NEW_VISIT: Visit = {
  statuses: null,
  ended: new Set(),
  batch: new Set(),
  isBusy: false,
  completions: new Map(),
  announcement: { text: '', number: 0 },
  clock: NEW_CLOCK,
};

export type VisitEvent =
  | { type: 'snapshot'; jobs: readonly TrackingJob[]; connection: Connection; receivedAt: number }
  | { type: 'left'; jobId: string }
  | { type: 'dismissed' }
  | { type: 'said'; text: string };

/** A reducer, so that snapshots which arrive between two renders are all counted. */
export function visitAfter(visit: Visit, event: VisitEvent): Visit {
  switch (event.type) {
    case 'snapshot':
      return {
        ...afterSnapshot(visit, event.jobs),
        clock: clockAfter(visit.clock, event.jobs, event.connection, event.receivedAt),
      };
    case 'left':
      return { ...visit, ended: new Set([...visit.ended].filter((id) => id !== event.jobId)) };
    case 'dismissed':
      return { ...visit, ended: new Set() };
    case 'said':
      return saying(visit, [event.text]);
  }
}

function afterSnapshot(visit: Visit, jobs: readonly TrackingJob[]): Visit {
  const before = visit.statuses ?? new Map<string, JobStatus>();
  const active = jobs.filter(isActive);
  // Jobs that were over when first seen are history, not news: the page lists their accounts anyway.
  const changed = jobs.filter((job) => before.get(job.id) !== job.status && (before.has(job.id) || isActive(job)));
  const ended = new Set(visit.ended);
  const completions = new Map(visit.completions);
  for (const job of changed) {
    if (isActive(job)) {
      ended.delete(job.id);
    } else {
      ended.add(job.id);
    }
    if (job.status === 'completed') {
      completions.set(job.id, job.accountId);
    }
  }
  const next: Visit = {
    ...visit,
    statuses: new Map([...before, ...jobs.map((job) => [job.id, job.status] as const)]),
    ended,
    completions,
    batch:
      active.length > 0 ? new Set([...(visit.isBusy ? visit.batch : []), ...active.map((job) => job.id)]) : visit.batch,
    isBusy: active.length > 0,
  };
  return visit.statuses ? saying(next, changed.map(announcementOf)) : next;
}

const MOST_SAID = 3;

function saying(visit: Visit, sentences: readonly string[]): Visit {
  if (sentences.length === 0) {
    return visit;
  }
  const more = sentences.length - MOST_SAID;
  const said = [...sentences.slice(0, MOST_SAID), ...(more > 0 ? [`${more} more jobs changed.`] : [])];
  return { ...visit, announcement: { text: said.join(' '), number: visit.announcement.number + 1 } };
}

/** 0 to 100, over the batch; a job that is over has nothing left to do, however it ended. */
export function overallProgress(jobs: readonly TrackingJob[], batch: ReadonlySet<string>): number {
  const counted = jobs.filter((job) => batch.has(job.id));
  if (counted.length === 0) {
    return 0;
  }
  return Math.round(counted.reduce((sum, job) => sum + (isActive(job) ? job.progress : 100), 0) / counted.length);
}
