import { type FormEvent, type KeyboardEvent, useId, useState } from 'react';
import type { TrackingJob } from '../job';
import { accountOn, failureSentence } from './jobText';
import { PanelButton } from './PanelButton';
import { usePanelTools } from './panelContext';

interface EditNameProps {
  job: TrackingJob;
  onClose: () => void;
}

/** A field with the name that failed. Its new name makes a new job, and the failed one leaves the list. */
export function EditName({ job, onClose }: EditNameProps) {
  const { source, words, clear } = usePanelTools();
  const { labels } = words;
  const [name, setName] = useState(job.username);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const problemId = useId();

  async function track(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy || !source.createJob) {
      return;
    }
    setIsBusy(true);
    setProblem(null);
    try {
      const userId = source.currentUserId ?? job.userId;
      await source.createJob(job.orgId, job.projectId, userId, name, job.platform, job.accountType);
      onClose();
      clear([job]);
    } catch (error) {
      setIsBusy(false);
      setProblem(failureSentence('create', error, words));
    }
  }

  function closeOnEscape(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.stopPropagation();
      onClose();
    }
  }

  return (
    <form className="tracking-panel__edit" onSubmit={track} onKeyDown={closeOnEscape}>
      <input
        className="tracking-panel__field"
        aria-label={labels.newName(accountOn(job, words))}
        aria-invalid={problem !== null}
        aria-describedby={problemId}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: the field opens at the person's own click
        autoFocus
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
      <PanelButton type="submit" isBusy={isBusy}>
        {isBusy ? labels.tracking : labels.track}
      </PanelButton>
      <PanelButton onClick={onClose}>{labels.back}</PanelButton>
      <p id={problemId} role="alert" className="tracking-panel__refused">
        {problem}
      </p>
    </form>
  );
}
