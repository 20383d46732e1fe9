import { type ChangeEvent, type SubmitEvent, useRef, useState } from 'react';
import { type TrackingJobError, trackingJobError } from '../src/errors';
import { ACCOUNT_TYPES, type AccountType, PLATFORM_LABELS, PLATFORMS, type Platform } from '../src/job';
import { platformOf } from '../src/username';
import { type Entry, entriesOf, entryOf } from './entries';

const TYPE_LABELS: Readonly<Record<AccountType, string>> = { my: 'Mine', competitor: 'A competitor’s' };

export interface TrackFormProps {
  onTrack: (username: string, platform: Platform, accountType: AccountType) => Promise<void>;
  /** Return a sentence if the account needs no job, or null. */
  whyNot: (username: string, platform: Platform) => string | null;
}

/** The sentences that the form shows after a failed try. */
interface Problem {
  sentences: readonly string[];
  /** Whether a username is wrong, and not another input. */
  isOfUsername: boolean;
}

const NONE: Problem = { sentences: [], isOfUsername: false };

/** Ask for one account, or for many: one name or link in each line. */
export function TrackForm({ onTrack, whyNot }: TrackFormProps) {
  const [isMany, setMany] = useState(false);
  const [name, setName] = useState('');
  const [lines, setLines] = useState('');
  const [text, setText] = isMany ? [lines, setLines] : [name, setName];
  const [platform, setPlatform] = useState<Platform>('youtube');
  const [accountType, setAccountType] = useState<AccountType>('competitor');
  const [problem, setProblem] = useState(NONE);
  const [success, setSuccess] = useState('');
  const [doing, setDoing] = useState('');
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);

  function type({ target }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>): void {
    setText(target.value);
    if (!isMany) {
      setPlatform(platformOf(target.value) ?? platform);
    }
    setProblem(NONE);
    setSuccess('');
  }

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (doing) {
      return;
    }
    field.current?.focus();
    setProblem(NONE);
    setSuccess('');
    const entries = isMany ? entriesOf(text, platform, whyNot) : [entryOf(text, platform, whyNot)];
    if (entries.length === 0) {
      setProblem({ sentences: ['Enter at least one username.'], isOfUsername: true });
      return;
    }
    const good = entries.filter((entry) => entry.problem === null);
    const { started, error } = await start(good);
    const rest = entries.filter((entry) => !started.includes(entry));
    // Lines without a job stay in the field. If the next name was typed meanwhile, that stays.
    setText((typed) => (typed === text ? rest.map((entry) => entry.typed).join('\n') : typed));
    const sentences = rest.flatMap((entry, index) =>
      entry.problem === null ? [] : [(isMany ? `Line ${index + 1}: ` : '') + entry.problem],
    );
    setProblem({
      sentences: error ? [...sentences, error.message] : sentences,
      isOfUsername: sentences.length > 0,
    });
    if (started.length > 0) {
      setSuccess(`Started tracking ${namesOf(started)}. You can close this tab.`);
    }
  }

  /** Create the jobs one after another, up to the first failure that is not about a name. */
  async function start(entries: readonly Entry[]): Promise<{ started: Entry[]; error?: TrackingJobError }> {
    const started: Entry[] = [];
    try {
      for (const entry of entries) {
        setDoing(entries.length === 1 ? 'Starting…' : `Starting ${started.length + 1} of ${entries.length}…`);
        const error = await onTrack(entry.typed, entry.platform, accountType).catch(trackingJobError);
        if (!error) {
          started.push(entry);
        } else if (error.code === 'already-tracked' || error.field === 'username') {
          entry.problem = error.message;
        } else {
          return { started, error };
        }
      }
      return { started };
    } finally {
      setDoing('');
    }
  }

  const shared = {
    ref: field,
    id: 'track-username',
    value: text,
    autoCapitalize: 'none',
    autoComplete: 'off',
    autoCorrect: 'off',
    spellCheck: false,
    'aria-describedby': 'track-problem',
    'aria-invalid': problem.isOfUsername,
    onChange: type,
  } as const;
  return (
    <form className="track card" noValidate onSubmit={(event) => void submit(event)}>
      <h2>
        Track {isMany ? 'many accounts' : 'an account'}
        <button
          type="button"
          className="quiet"
          onClick={() => {
            setMany(!isMany);
            setProblem(NONE);
          }}
        >
          {isMany ? 'Add one' : 'Add many'}
        </button>
      </h2>
      <div className="username">
        <label htmlFor="track-username">{isMany ? 'Usernames or links, one in each line' : 'Username'}</label>
        {isMany ? (
          <textarea rows={5} placeholder={'@name\n@another_name'} {...shared} />
        ) : (
          <input placeholder="@name or profile link" {...shared} />
        )}
      </div>
      {/* Right after its field, where a narrow page shows it; on a wide page it is below the row. */}
      <div id="track-problem" className="problem" role="alert">
        {problem.sentences.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
      <label>
        <span>Platform</span>
        <select
          value={platform}
          onChange={(event) => {
            setPlatform(event.target.value as Platform);
            setProblem(NONE);
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
        <legend>Whose account?</legend>
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
      <button type="submit" className="primary" aria-disabled={doing !== ''} aria-busy={doing !== ''}>
        {doing || 'Track'}
      </button>
      <p className="success" role="status">
        {success}
      </p>
    </form>
  );
}

function namesOf(entries: readonly Entry[]): string {
  const [first] = entries;
  return first && entries.length === 1
    ? `${first.typed} on ${PLATFORM_LABELS[first.platform]}`
    : `${entries.length} accounts`;
}
