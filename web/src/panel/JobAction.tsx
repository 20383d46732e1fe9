import { useEffect, useState } from 'react';
import { RETRYABLE, type TrackingJob } from '../job';
import type { JobSource } from '../service';
import { accountOn, failureSentence } from './labels';
import { isActive } from './rows';

type Kind = 'cancel' | 'retry';

const LABELS: Readonly<Record<Kind, string>> = { cancel: 'Cancel', retry: 'Retry' };
const BUSY_LABELS: Readonly<Record<Kind, string>> = { cancel: 'Cancelling…', retry: 'Retrying…' };

/** A requested action, with the state of the job at the request; see `isCurrent`. */
interface Asked {
  kind: Kind;
  attempt: number;
  updatedAt: number | undefined;
  outcome: 'open' | 'accepted' | 'refused';
  sentence: string | null;
}

function kindFor(job: TrackingJob): Kind | null {
  if (isActive(job)) {
    return 'cancel';
  }
  return RETRYABLE.includes(job.status) ? 'retry' : null;
}

/**
 * Whether the button still shows the request. It stops when the job offers another action or has a new attempt. After
 * an accepted request it also stops at the job's next change.
 */
function isCurrent(asked: Asked, job: TrackingJob): boolean {
  if (asked.kind !== kindFor(job) || asked.attempt !== job.attempt) {
    return false;
  }
  return asked.outcome !== 'accepted' || asked.updatedAt === job.updatedAt?.getTime();
}

export interface JobAction {
  kind: Kind | null;
  isBusy: boolean;
  /** A sentence about the last try, when it failed. */
  failure: string | null;
  run: () => void;
}

/** Offer the one action that the status allows: cancel while active, retry after a failure or a cancellation. */
export function useJobAction(job: TrackingJob, source: JobSource, announce: (sentence: string) => void): JobAction {
  const [lastAsked, setAsked] = useState<Asked | null>(null);
  const kind = kindFor(job);
  const asked = lastAsked && isCurrent(lastAsked, job) ? lastAsked : null;
  const isBusy = asked !== null && asked.outcome !== 'refused';
  const refusal = asked?.sentence ? `${accountOn(job)}: ${asked.sentence}` : null;
  useEffect(() => {
    if (refusal) {
      announce(refusal);
    }
  }, [refusal, announce]);

  async function ask(kind: Kind): Promise<void> {
    const open: Asked = {
      kind,
      attempt: job.attempt,
      updatedAt: job.updatedAt?.getTime(),
      outcome: 'open',
      sentence: null,
    };
    setAsked(open);
    // The outcome may come after a newer request; the newer one counts.
    const settle = (outcome: Partial<Asked>) => setAsked((last) => (last === open ? { ...open, ...outcome } : last));
    try {
      await (kind === 'cancel' ? source.cancelJob(job.id) : source.retryJob(job.id));
      settle({ outcome: 'accepted' });
    } catch (error) {
      settle({ outcome: 'refused', sentence: failureSentence(kind, error) });
    }
  }

  return {
    kind,
    isBusy,
    failure: asked?.sentence ?? null,
    run: () => {
      if (kind && !isBusy) {
        void ask(kind);
      }
    },
  };
}

/** One element for both actions, so that it keeps the focus when they change. `aria-disabled` keeps the focus, too. */
export function JobActionButton({ action, job }: { action: JobAction; job: TrackingJob }) {
  if (!action.kind) {
    return null;
  }
  return (
    <button type="button" className="tracking-panel__action" aria-disabled={action.isBusy} onClick={action.run}>
      {action.isBusy ? BUSY_LABELS[action.kind] : LABELS[action.kind]}
      <span className="tracking-panel__unseen"> tracking {accountOn(job)}</span>
    </button>
  );
}
