import { useEffect, useState } from 'react';
import { type JobStatus, PLATFORM_LABELS, type TrackingJob } from '../job';
import type { JobSource } from '../service';
import { Elapsed, type RowClock } from './Elapsed';
import { JobActionButton, useJobAction } from './JobAction';
import { accountName, accountOn, detailOf, progressInWords, STATUS_WORDS, stageOf } from './labels';
import { PlatformIcon, StatusIcon } from './PanelIcons';
import { ProgressBar } from './ProgressBar';

/** Milliseconds that a row stays after its job has ended. A failed job stays until it is dismissed. */
export const LINGER_MS: Readonly<Partial<Record<JobStatus, number>>> = { completed: 8_000, cancelled: 20_000 };
/** Milliseconds of the animation in panel.css. */
export const LEAVE_MS = 250;

interface JobRowProps {
  job: TrackingJob;
  source: JobSource;
  clock: RowClock;
  /** Rows do not leave while the tab is in the background or the person is using the panel. */
  isHeld: boolean;
  onLeft: (jobId: string) => void;
  announce: (sentence: string) => void;
}

export function JobRow({ job, source, clock, isHeld, onLeft, announce }: JobRowProps) {
  const isLeaving = useLeave(job, isHeld, onLeft);
  const action = useJobAction(job, source, announce);
  const detail = detailOf(job);
  return (
    <li
      className={`tracking-panel__row tracking-panel__row--${job.status}${isLeaving ? ' tracking-panel__row--leaving' : ''}`}
      data-job={job.id}
      tabIndex={-1}
    >
      <PlatformIcon platform={job.platform} />
      <div className="tracking-panel__account" title={job.username}>
        <span className="tracking-panel__username">{accountName(job.username)}</span>
        <span className="tracking-panel__quiet">{PLATFORM_LABELS[job.platform]}</span>
      </div>
      <JobActionButton action={action} job={job} />
      <div className="tracking-panel__state">
        <StatusIcon status={job.status} />
        <span className="tracking-panel__status">{STATUS_WORDS[job.status]}</span>
        {job.status === 'processing' && <span className="tracking-panel__stage">{stageOf(job.progress)}</span>}
        <span className="tracking-panel__figures">
          <Elapsed job={job} clock={clock} />
          {job.status === 'processing' && <span className="tracking-panel__percent">{job.progress} %</span>}
        </span>
      </div>
      <ProgressBar
        name={accountOn(job)}
        value={job.progress}
        valueText={progressInWords(job)}
        status={job.status}
        attempt={job.attempt}
      />
      {detail && <p className="tracking-panel__detail">{detail}</p>}
      {action.failure && <p className="tracking-panel__detail tracking-panel__detail--refused">{action.failure}</p>}
    </li>
  );
}

/** Whether the row is fading out; `onLeft` is called after that. When a hold ends, the full time starts again. */
function useLeave(job: TrackingJob, isHeld: boolean, onLeft: (jobId: string) => void): boolean {
  const [isLeaving, setIsLeaving] = useState(false);
  const lingerMs = isHeld ? undefined : LINGER_MS[job.status];
  useEffect(() => {
    if (lingerMs === undefined) {
      return;
    }
    const leave = setTimeout(() => setIsLeaving(true), lingerMs);
    const gone = setTimeout(() => onLeft(job.id), lingerMs + LEAVE_MS);
    return () => {
      clearTimeout(leave);
      clearTimeout(gone);
      setIsLeaving(false);
    };
  }, [lingerMs, job.id, onLeft]);
  return isLeaving;
}
