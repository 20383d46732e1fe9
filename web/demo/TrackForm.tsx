import { type ChangeEvent, type SubmitEvent, useRef, useState } from 'react';
import { trackingJobError } from '../src/errors';
import { ACCOUNT_TYPES, type AccountType, PLATFORM_LABELS, PLATFORMS, type Platform } from '../src/job';
import { checkUsername, platformOf } from '../src/username';

const TYPE_LABELS: Readonly<Record<AccountType, string>> = { my: 'Mine', competitor: 'Competitor' };

interface TrackFormProps {
  onTrack: (username: string, platform: Platform, accountType: AccountType) => Promise<void>;
}

/** A failure to show below the form. */
interface Problem {
  sentence: string;
  /** Whether the username is wrong, and not another input. */
  isOfUsername: boolean;
}

export function TrackForm({ onTrack }: TrackFormProps) {
  const [username, setUsername] = useState('');
  const [platform, setPlatform] = useState<Platform>('youtube');
  const [accountType, setAccountType] = useState<AccountType>('competitor');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [success, setSuccess] = useState('');
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  function type(event: ChangeEvent<HTMLInputElement>): void {
    const typed = event.target.value;
    setUsername(typed);
    setPlatform(platformOf(typed) ?? platform);
    setProblem(null);
    setSuccess('');
  }

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (isBusy) {
      return;
    }
    field.current?.focus();
    setSuccess('');
    const sentence = checkUsername(username, platform);
    setProblem(sentence === null ? null : { sentence, isOfUsername: true });
    if (sentence !== null) {
      return;
    }
    setBusy(true);
    try {
      await onTrack(username.trim(), platform, accountType);
      setUsername((typed) => (typed === username ? '' : typed)); // keep the next name if it was typed meanwhile
      setSuccess(
        `Started tracking ${username.trim()} on ${PLATFORM_LABELS[platform]}. It goes on when you leave this page.`,
      );
    } catch (thrown) {
      const error = trackingJobError(thrown);
      setProblem({ sentence: error.message, isOfUsername: error.field === 'username' });
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="track card" noValidate onSubmit={(event) => void submit(event)}>
      <h2>Track an account</h2>
      <label className="username">
        <span>Username</span>
        <input
          ref={field}
          value={username}
          placeholder="@name or profile link"
          autoCapitalize="none"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          aria-describedby="track-problem"
          aria-invalid={problem?.isOfUsername ?? false}
          onChange={type}
        />
      </label>
      <label>
        <span>Platform</span>
        <select
          value={platform}
          onChange={(event) => {
            setPlatform(event.target.value as Platform);
            setProblem(null);
          }}
        >
          {PLATFORMS.map((name) => (
            <option key={name} value={name}>
              {PLATFORM_LABELS[name]}
            </option>
          ))}
        </select>
      </label>
      <fieldset>
        <legend>Account</legend>
        <div className="segments">
          {ACCOUNT_TYPES.map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="accountType"
                checked={accountType === name}
                onChange={() => setAccountType(name)}
              />
              <span>{TYPE_LABELS[name]}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <button type="submit" className="primary" aria-disabled={isBusy} aria-busy={isBusy}>
        {isBusy ? 'Starting…' : 'Track'}
      </button>
      <p id="track-problem" className="problem" role="alert">
        {problem?.sentence}
      </p>
      <p className="success" role="status">
        {success}
      </p>
    </form>
  );
}
