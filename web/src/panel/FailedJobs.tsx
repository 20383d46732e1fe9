import { useState } from 'react';
import type { TrackingJob } from '../job';
import { countsOf } from './jobText';
import { nextStep } from './nextSteps';
import { PanelButton } from './PanelButton';
import { usePanelTools } from './panelContext';

/** The heading of the failed jobs, with what can be done about all of them at once. */
export function FailedJobs({ failed }: { failed: readonly TrackingJob[] }) {
  const { source, words, isCut, announce, clear } = usePanelTools();
  const { labels } = words;
  const [isBusy, setIsBusy] = useState(false);
  const retryable = failed.filter((job) => nextStep(job) === 'retry');

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
      {retryable.length > 1 && (
        <PanelButton isBusy={isBusy} onClick={() => void retryAll()}>
          {isBusy ? labels.retrying : labels.retryAll}
        </PanelButton>
      )}
      <PanelButton about={labels.ofFailed} onClick={() => clear(failed)}>
        {labels.clear}
      </PanelButton>
    </div>
  );
}
