import { useEffect, useId, useRef, useState } from 'react';
import { type JobStatus, PLATFORM_LABELS, type TrackingJob } from '../job';
import { EditName } from './EditName';
import { Figures } from './Figures';
import { MainAction, OtherActions } from './JobActions';
import { JobDetails } from './JobDetails';
import { accountName, accountOn, progressInWords, shortWord } from './jobText';
import { nextStep } from './nextSteps';
import { IconButton } from './PanelButton';
import { CloseIcon, PlatformIcon, StatusIcon } from './PanelIcons';
import { ProgressBar } from './ProgressBar';
import { type PanelTools, usePanelTools } from './panelContext';
import { usePlace } from './queue';
import { isActive } from './rows';
import { useJobAction } from './useJobAction';
import { useWaitReason } from './usePauses';

/** Milliseconds that a row stays after its job has ended. A failed job stays until it is cleared. */
export const LINGER_MS: Readonly<Partial<Record<JobStatus, number>>> = { completed: 8_000, cancelled: 20_000 };
/** Milliseconds of the animation in panel.css. */
export const LEAVE_MS = 250;

interface JobRowProps {
  job: TrackingJob;
  /** The row neither leaves nor can be cleared: the tab is in the background, it is being used, or it is history. */
  stays?: 'held' | 'always';
  /** The day of a job in the history. */
  day?: string;
}

/** One line about a job, which opens to its details. */
export function JobRow({ job, stays, day }: JobRowProps) {
  const { words, clear } = usePanelTools();
  const row = useRef<HTMLLIElement>(null);
  const [isOpen, setIsOpen] = useState(false);
  const [isEdited, setIsEdited] = useState(false);
  const isLeaving = useLeave(job, stays !== undefined || isOpen || isEdited, clear);
  const action = useJobAction(job);
  const detailsId = useId();
  const account = accountOn(job, words);
  const waitReason = useWaitReason(job)?.word;
  const place = usePlace(job);
  const onEdit = () => setIsEdited(true);
  const stopEditing = () => {
    row.current?.focus(); // the field that has the focus goes away
    setIsEdited(false);
  };
  const isClearable = stays !== 'always' && !isActive(job) && nextStep(job) !== 'remove';
  return (
    <li
      ref={row}
      className={`tracking-panel__row tracking-panel__row--${job.status}${isLeaving ? ' tracking-panel__row--leaving' : ''}`}
      data-job={job.id}
      tabIndex={-1}
    >
      <div className="tracking-panel__line">
        <button
          type="button"
          className="tracking-panel__summary"
          aria-expanded={isOpen}
          aria-controls={isOpen ? detailsId : undefined}
          title={job.username}
          onClick={() => setIsOpen(!isOpen)}
        >
          <PlatformIcon platform={job.platform} />
          <span className="tracking-panel__username">{accountName(job.username, words.labels)}</span>
          <State job={job} word={waitReason ?? place?.word ?? shortWord(job, words)} />
          {day ? (
            <span className="tracking-panel__figures">{day}</span>
          ) : (
            !waitReason && <Figures job={job} /> // the reason needs the room
          )}
        </button>
        <MainAction job={job} action={action} onEdit={onEdit} isHistory={stays === 'always'} />
        {isClearable && (
          <IconButton label={`${words.labels.dismiss}${words.labels.ofAccount(account)}`} onClick={() => clear([job])}>
            <CloseIcon />
          </IconButton>
        )}
      </div>
      <ProgressBar
        name={account}
        value={job.progress}
        valueText={progressInWords(job, words)}
        status={job.status}
        attempt={job.attempt}
      />
      {isEdited && <EditName job={job} onClose={stopEditing} />}
      {action.failure && <p className="tracking-panel__refused">{action.failure}</p>}
      {isOpen && (
        <div id={detailsId} className="tracking-panel__details">
          <JobDetails job={job}>
            <OtherActions job={job} action={action} onEdit={onEdit} />
          </JobDetails>
        </div>
      )}
    </li>
  );
}

/** Icon and words of what the job does. Screen readers also hear platform and status. */
function State({ job, word }: { job: TrackingJob; word: string }) {
  const { words } = usePanelTools();
  const status = words.labels.statuses[job.status];
  return (
    <>
      <span className="tracking-panel__unseen">{`, ${PLATFORM_LABELS[job.platform]}, ${word === status ? '' : `${status}: `}`}</span>
      <span className="tracking-panel__state">
        <StatusIcon status={job.status} />
        <span className="tracking-panel__word">{word}</span>
      </span>
      <span className="tracking-panel__unseen">, </span>
    </>
  );
}

/** Whether the row is fading out; after that the job is cleared. When a hold ends, the full time starts again. */
function useLeave(job: TrackingJob, isHeld: boolean, clear: PanelTools['clear']): boolean {
  const [isLeaving, setIsLeaving] = useState(false);
  const { id, status } = job;
  const lingerMs = isHeld ? undefined : LINGER_MS[status];
  useEffect(() => {
    if (lingerMs === undefined) {
      return;
    }
    const leave = setTimeout(() => setIsLeaving(true), lingerMs);
    const gone = setTimeout(() => clear([{ id, status }]), lingerMs + LEAVE_MS);
    return () => {
      clearTimeout(leave);
      clearTimeout(gone);
      setIsLeaving(false);
    };
  }, [lingerMs, id, status, clear]);
  return isLeaving;
}
