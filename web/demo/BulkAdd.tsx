import { type SubmitEvent, useMemo, useRef, useState } from 'react';
import { PLATFORM_LABELS, PLATFORMS } from '../src/job';
import { type Pasted, type PastedKind, pastedOf, startAll } from './bulk';
import { full } from './format';
import { PlatformField, TypeField } from './TrackFields';
import type { TrackFieldsProps } from './TrackForm';

/** Rows of a group that are written out. A person corrects a few at a time. */
const MOST_WRITTEN = 20;

interface Progress {
  tried: number;
  of: number;
}

/** Ask for many accounts: say what each pasted name means, and then track those that are new. */
export function BulkAdd(props: TrackFieldsProps) {
  const { onTrack, whyKnown, platform, onPlatform, accountType, onAccountType, children } = props;
  const [text, setText] = useState('');
  const pasted = useMemo(() => pastedOf(text, platform, whyKnown), [text, platform, whyKnown]);
  const [failures, setFailures] = useState<ReadonlyMap<string, string>>(new Map());
  const [problem, setProblem] = useState('');
  const [success, setSuccess] = useState('');
  const [progress, setProgress] = useState<Progress | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const stop = useRef<AbortController>(null);
  const wanted = pasted.filter(({ kind }) => kind === 'new');

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (progress || wanted.length === 0) {
      field.current?.focus();
      setProblem(progress || pasted.length > 0 ? '' : 'Enter at least one username.');
      return;
    }
    setProblem('');
    setSuccess('');
    setFailures(new Map());
    setProgress({ tried: 0, of: wanted.length });
    stop.current = new AbortController();
    const { done, failed, hopeless } = await startAll(wanted, (one) => onTrack(one.typed, one.platform, accountType), {
      onTried: (tried) => setProgress({ tried, of: wanted.length }),
      signal: stop.current.signal,
    });
    setProgress(null);
    const reasons = [...failed].filter(([, error]) => error !== hopeless);
    setFailures(new Map(reasons.map(([{ key }, { message }]) => [key, message])));
    // What was not started stays in the field, and so does what is to be corrected.
    const rest = pasted.filter((one) => one.kind === 'wrong' || (one.kind === 'new' && !done.includes(one)));
    setText(rest.map(({ typed }) => typed).join('\n'));
    setProblem(hopeless?.message ?? '');
    setSuccess(done.length > 0 ? `Started tracking ${namesOf(done)}. You can close this tab.` : '');
    field.current?.focus();
  }

  return (
    <form className="track many card" noValidate onSubmit={(event) => void submit(event)}>
      <h2>
        Track many accounts
        {children}
      </h2>
      <div className="username">
        <label htmlFor="track-username">Usernames or links</label>
        <textarea
          ref={field}
          id="track-username"
          rows={6}
          placeholder={'@name\nhttps://www.youtube.com/@another_name'}
          value={text}
          readOnly={progress !== null}
          autoCapitalize="none"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          aria-describedby="track-hint track-problem"
          aria-invalid={problem !== ''}
          onChange={({ target }) => {
            setText(target.value);
            setProblem('');
            setSuccess('');
          }}
        />
        <p id="track-hint" className="detail">
          One in each line, or with commas. Links bring their platform.
        </p>
      </div>
      <div id="track-problem" className="problem" role="alert">
        {problem && <p>{problem}</p>}
      </div>
      <Summary pasted={pasted} failures={failures} />
      <PlatformField label="Names are on" value={platform} onChange={onPlatform} />
      <TypeField label="Whose accounts?" value={accountType} onChange={onAccountType} />
      {progress ? (
        <span className="progress">
          <progress value={progress.tried} max={progress.of} aria-label="Jobs started" />
          <button type="button" className="secondary" onClick={() => stop.current?.abort()}>
            Stop
          </button>
        </span>
      ) : null}
      <button
        type="submit"
        className="primary"
        aria-disabled={progress !== null || wanted.length === 0}
        aria-busy={progress !== null}
      >
        {progress ? `Starting ${full(progress.tried)} of ${full(progress.of)}…` : `Track ${countOf(wanted.length)}`}
      </button>
      <p className="success" role="status">
        {success}
      </p>
    </form>
  );
}

function countOf(accounts: number): string {
  return accounts === 0 ? 'accounts' : accounts === 1 ? '1 account' : `${full(accounts)} accounts`;
}

function namesOf(started: readonly Pasted[]): string {
  const [first] = started;
  return first && started.length === 1
    ? `${first.typed} on ${PLATFORM_LABELS[first.platform]}`
    : countOf(started.length);
}

const HEADINGS: Readonly<Record<Exclude<PastedKind, 'new'> | 'failed', [one: string, many: string]>> = {
  failed: ['could not be started', 'could not be started'],
  wrong: ['is not a name', 'are not names'],
  known: ['is tracked already', 'are tracked already'],
  twice: ['is in your text twice', 'are in your text twice'],
};

interface SummaryProps {
  pasted: readonly Pasted[];
  /** Sentences by the key of the account. */
  failures: ReadonlyMap<string, string>;
}

/** Say before anything is started what will be. */
function Summary({ pasted, failures }: SummaryProps) {
  if (pasted.length === 0) {
    return null;
  }
  const fresh = pasted.filter(({ kind }) => kind === 'new');
  const platforms = PLATFORMS.map((name) => ({
    label: PLATFORM_LABELS[name],
    count: fresh.filter(({ platform }) => platform === name).length,
  })).filter(({ count }) => count > 0);
  const failed = fresh.flatMap((one) => {
    const reason = failures.get(one.key);
    return reason === undefined ? [] : [{ ...one, reason }];
  });
  const of = (kind: PastedKind) => pasted.filter((one) => one.kind === kind);
  return (
    <section className="summary" aria-label="Before you start">
      <p role="status">
        <strong>{fresh.length === 0 ? 'None' : full(fresh.length)}</strong> of {full(pasted.length)} will be tracked
        {fresh.length > 0 && `: ${platforms.map(({ label, count }) => `${full(count)} on ${label}`).join(', ')}`}.
      </p>
      <Group kind="failed" rows={failed} isOpen />
      <Group kind="wrong" rows={of('wrong')} isOpen />
      <Group kind="known" rows={of('known')} />
      <Group kind="twice" rows={of('twice')} />
    </section>
  );
}

interface GroupProps {
  kind: keyof typeof HEADINGS;
  rows: readonly Pasted[];
  isOpen?: boolean;
}

function Group({ kind, rows, isOpen = false }: GroupProps) {
  if (rows.length === 0) {
    return null;
  }
  const [one, many] = HEADINGS[kind];
  return (
    <details className={kind} open={isOpen}>
      <summary>
        <strong>{full(rows.length)}</strong> {rows.length === 1 ? one : many}
      </summary>
      <ul>
        {rows.slice(0, MOST_WRITTEN).map(({ line, typed, reason }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same text may be there twice in a line
          <li key={`${line}/${index}`}>
            <span className="line">Line {line}</span> <bdi className="typed">{typed}</bdi> {reason}
          </li>
        ))}
        {rows.length > MOST_WRITTEN && <li>… and {full(rows.length - MOST_WRITTEN)} more</li>}
      </ul>
    </details>
  );
}
