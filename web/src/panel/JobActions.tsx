import type { TrackingJob } from '../job';
import { accountOn } from './jobText';
import { nextStep } from './nextSteps';
import { PanelButton } from './PanelButton';
import { usePanelTools } from './panelContext';
import type { JobAction } from './useJobAction';

interface ActionsProps {
  job: TrackingJob;
  action: JobAction;
  onEdit: () => void;
}

/** The one action of a row: what helps most. The history, from which nothing can be removed, has none of a dead end. */
export function MainAction({ job, action, onEdit, isHistory }: ActionsProps & { isHistory: boolean }) {
  const { source, words, onOpenAccount } = usePanelTools();
  const step = nextStep(job);
  if (step === 'edit' && source.createJob) {
    return <EditAction job={job} onEdit={onEdit} />;
  }
  if (step === 'remove') {
    return isHistory ? null : <RemoveAction job={job} />;
  }
  if (action.kind) {
    return <CancelOrRetry job={job} action={action} />;
  }
  const { accountId } = job;
  if (!onOpenAccount || !accountId) {
    return null;
  }
  return (
    <PanelButton about={` ${accountOn(job, words)}`} onClick={() => onOpenAccount(accountId, job)}>
      {words.labels.openAccount}
    </PanelButton>
  );
}

/** The other actions that a job allows; they stand in its details. */
export function OtherActions({ job, action, onEdit }: ActionsProps) {
  const { source } = usePanelTools();
  const step = nextStep(job);
  const canEdit = source.createJob !== undefined;
  const retries = step === 'remove' || (step === 'edit' && canEdit);
  const edits = step !== null && step !== 'edit' && canEdit;
  return (
    (retries || edits) && (
      <p className="tracking-panel__others">
        {retries && <CancelOrRetry job={job} action={action} />}
        {edits && <EditAction job={job} onEdit={onEdit} />}
      </p>
    )
  );
}

/** One element for both actions, so that it keeps the focus when they change. */
function CancelOrRetry({ job, action: { kind, isBusy, run } }: Omit<ActionsProps, 'onEdit'>) {
  const { words } = usePanelTools();
  const { labels } = words;
  const busy = kind === 'cancel' ? labels.cancelling : labels.retrying;
  const idle = kind === 'cancel' ? labels.cancel : labels.retry;
  return (
    <PanelButton isBusy={isBusy} about={labels.ofAccount(accountOn(job, words))} onClick={run}>
      {isBusy ? busy : idle}
    </PanelButton>
  );
}

function EditAction({ job, onEdit }: Omit<ActionsProps, 'action'>) {
  const { words } = usePanelTools();
  return (
    <PanelButton about={words.labels.ofAccount(accountOn(job, words))} onClick={onEdit}>
      {words.labels.editName}
    </PanelButton>
  );
}

function RemoveAction({ job }: { job: TrackingJob }) {
  const { words, clear } = usePanelTools();
  return (
    <PanelButton about={words.labels.ofAccount(accountOn(job, words))} onClick={() => clear([job])}>
      {words.labels.remove}
    </PanelButton>
  );
}
