import { useState } from 'react';
import type { TrackingJob } from '../job';
import { countsOf } from './jobText';
import { nextStep } from './nextSteps';
import { PanelButton } from './PanelButton';
import { usePanelTools } from './panelContext';

interface FailedJobsProps {
  failed: readonly TrackingJob[];
  /** False if no other job is listed: the header clears all then. */
  isClearable: boolean;
}

/** The heading of the failed jobs, with what can be done about all of them at once; nothing if that is nothing. */
export function FailedJobs({ failed, isClearable }: FailedJobsProps) {
  const { source, words, isCut, announce, clear } = usePanelTools();
  const { labels } = words;
  const [isBusy, setIsBusy] = useState(false);
  const retryable = failed.filter((job) => nextStep(job) === 'retry');

  const canRetryAll = retryable.length > 1;
  if (!canRetryAll && !isClearable) {
    return null;
  }

  async function retryAll(): Promise<void> {
    setIsBusy(true);
    const results = await Promise.allSettled(retryable.map((job) => source.retryJob(job.id)));
    const refused = results.filter(({ status }) => status === 'rejected').length;
    setIsBusy(false);
    if (refused > 0) {
      announce(labels.notAllRetried(words.number(refused), refused));
    }
  }

  return (
    <div className="tracking-panel__bulk">
      <span className="tracking-panel__count--failed">{countsOf(failed, isCut, words)[0]?.words}</span>
      {canRetryAll && (
        <PanelButton isBusy={isBusy} onClick={() => void retryAll()}>
          {isBusy ? labels.retrying : labels.retryAll}
        </PanelButton>
      )}
      {isClearable && (
        <PanelButton about={labels.ofFailed} onClick={() => clear(failed)}>
          {labels.clear}
        </PanelButton>
      )}
    </div>
  );
}
