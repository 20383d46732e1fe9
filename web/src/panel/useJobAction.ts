import { useEffect, useRef, useState } from 'react';
import { hasCode } from '../errors';
import { RETRYABLE, type TrackingJob } from '../job';
import { accountOn, failureSentence } from './jobText';
import { usePanelTools } from './panelContext';
import { isActive } from './rows';

export type ActionKind = 'cancel' | 'retry';

/** A requested action, with the state of the job at the request; see `isCurrent`. */
interface Asked {
  kind: ActionKind;
  attempt: number;
  updatedAt: number | undefined;
  outcome: 'open' | 'accepted' | 'refused';
  sentence: string | null;
  /** Number of the connection that the refusal was about; null when the connection was not the reason. */
  connection: number | null;
}

function kindFor(job: TrackingJob): ActionKind | null {
  if (isActive(job)) {
    return 'cancel';
  }
  return RETRYABLE.includes(job.status) ? 'retry' : null;
}

/**
 * Whether the button still shows the request. It stops when the job offers another action or has a new attempt. After
 * an accepted request it also stops at the job's next change, and after a lost connection when it is back.
 */
function isCurrent(asked: Asked, job: TrackingJob, reconnections: number): boolean {
  if (asked.kind !== kindFor(job) || asked.attempt !== job.attempt) {
    return false;
  }
  if (asked.connection !== null && asked.connection !== reconnections) {
    return false;
  }
  return asked.outcome !== 'accepted' || asked.updatedAt === job.updatedAt?.getTime();
}

export interface JobAction {
  kind: ActionKind | null;
  isBusy: boolean;
  /** A sentence about the last try, when it failed. */
  failure: string | null;
  run: () => void;
}

/** Offer the one action that the status allows: cancel while active, retry after a failure or a cancellation. */
export function useJobAction(job: TrackingJob): JobAction {
  const { source, words, announce, reconnections } = usePanelTools();
  const [lastAsked, setAsked] = useState<Asked | null>(null);
  const connection = useRef(reconnections);
  const kind = kindFor(job);
  const asked = lastAsked && isCurrent(lastAsked, job, reconnections) ? lastAsked : null;
  const isBusy = asked !== null && asked.outcome !== 'refused';
  const refusal = asked?.sentence ? `${accountOn(job, words)}: ${asked.sentence}` : null;
  useEffect(() => {
    connection.current = reconnections;
  }, [reconnections]);
  useEffect(() => {
    if (refusal) {
      announce(refusal);
    }
  }, [refusal, announce]);

  async function ask(kind: ActionKind): Promise<void> {
    const open: Asked = {
      kind,
      attempt: job.attempt,
      updatedAt: job.updatedAt?.getTime(),
      outcome: 'open',
      sentence: null,
      connection: null,
    };
    setAsked(open);
    // The outcome may come after a newer request; the newer one counts.
    const settle = (outcome: Partial<Asked>) => setAsked((last) => (last === open ? { ...open, ...outcome } : last));
    try {
      await (kind === 'cancel' ? source.cancelJob(job.id) : source.retryJob(job.id));
      settle({ outcome: 'accepted' });
    } catch (error) {
      settle({
        outcome: 'refused',
        sentence: failureSentence(kind, error, words),
        connection: hasCode(error, 'offline', 'unavailable') ? connection.current : null,
      });
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
