import { type ReactNode, type SubmitEvent, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { trackingJobError } from '../src/errors';
import { type AccountType, PLATFORM_LABELS, type Platform } from '../src/job';
import { checkUsername, platformOf } from '../src/username';
import { BulkAdd } from './BulkAdd';
import type { WhyKnown } from './bulk';
import { PlatformField, TypeField } from './TrackFields';

export type Track = (username: string, platform: Platform, accountType: AccountType) => Promise<void>;

export interface TrackFormProps {
  onTrack: Track;
  whyKnown: WhyKnown;
}

interface FoldedProps extends TrackFormProps {
  /** Whether the project has no account yet. Then phones, too, show the form at once. */
  isFirst: boolean;
}

/** Ask for one account, or for many at once. On a phone a button opens the form, so that the list begins above the fold. */
export function TrackForm({ isFirst, ...props }: FoldedProps) {
  const [isMany, setMany] = useState(false);
  const [isOpen, setOpen] = useState(isFirst);
  const place = useRef<HTMLDivElement>(null);
  if (isFirst && !isOpen) {
    setOpen(true); // and it stays open when the first account arrives
  }
  const [platform, setPlatform] = useState<Platform>('youtube');
  const [accountType, setAccountType] = useState<AccountType>('competitor');
  const shared = { ...props, platform, onPlatform: setPlatform, accountType, onAccountType: setAccountType };
  const other = (
    <button type="button" className="quiet" onClick={() => setMany(!isMany)}>
      {isMany ? 'Add one' : 'Add many'}
    </button>
  );

  function open(): void {
    flushSync(() => setOpen(true));
    place.current?.querySelector<HTMLElement>('#track-username')?.focus();
  }

  return (
    <div ref={place} className="tracker" data-open={isOpen}>
      {!isOpen && (
        <button type="button" className="secondary opener" onClick={open}>
          Add accounts
        </button>
      )}
      {isMany ? <BulkAdd {...shared}>{other}</BulkAdd> : <TrackOne {...shared}>{other}</TrackOne>}
    </div>
  );
}

export interface TrackFieldsProps extends TrackFormProps {
  platform: Platform;
  onPlatform: (platform: Platform) => void;
  accountType: AccountType;
  onAccountType: (accountType: AccountType) => void;
  /** The button that leads to the other form. */
  children: ReactNode;
}

interface Problem {
  sentence: string;
  /** Whether the username is wrong, and not something else. */
  isOfUsername: boolean;
}

function TrackOne({ onTrack, whyKnown, platform, onPlatform, accountType, onAccountType, children }: TrackFieldsProps) {
  const [name, setName] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [success, setSuccess] = useState('');
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (isBusy) {
      return;
    }
    field.current?.focus();
    setSuccess('');
    const wrong = checkUsername(name, platform) ?? whyKnown(name, platform);
    setProblem(wrong === null ? null : { sentence: wrong, isOfUsername: true });
    if (wrong !== null) {
      return;
    }
    const typed = name.trim();
    setBusy(true);
    try {
      await onTrack(typed, platform, accountType);
      setName((now) => (now === name ? '' : now)); // if the next name was typed meanwhile, that stays
      setSuccess(`Started tracking ${typed} on ${PLATFORM_LABELS[platform]}. You can close this tab.`);
    } catch (thrown) {
      const { code, field: wrongField, message } = trackingJobError(thrown);
      setProblem({ sentence: message, isOfUsername: code === 'already-tracked' || wrongField === 'username' });
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="track card" noValidate onSubmit={(event) => void submit(event)}>
      <h2>
        Track an account
        {children}
      </h2>
      <div className="username">
        <label htmlFor="track-username">Username</label>
        <input
          ref={field}
          id="track-username"
          placeholder="@name or profile link"
          value={name}
          autoCapitalize="none"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          aria-describedby="track-problem"
          aria-invalid={problem?.isOfUsername ?? false}
          onChange={({ target }) => {
            setName(target.value);
            onPlatform(platformOf(target.value) ?? platform);
            setProblem(null);
            setSuccess('');
          }}
        />
      </div>
      {/* Right after its field, where a narrow page shows it; on a wide page it is below the row. */}
      <div id="track-problem" className="problem" role="alert">
        {problem && <p>{problem.sentence}</p>}
      </div>
      <PlatformField
        label="Platform"
        value={platform}
        onChange={(chosen) => {
          onPlatform(chosen);
          setProblem(null);
        }}
      />
      <TypeField label="Whose account?" value={accountType} onChange={onAccountType} />
      <button type="submit" className="primary" aria-disabled={isBusy} aria-busy={isBusy}>
        {isBusy ? 'Starting…' : 'Track'}
      </button>
      <p className="success" role="status">
        {success}
      </p>
    </form>
  );
}
