import { useEffect, useId, useState } from 'react';
import { DAY_MS } from '../day';
import type { WebhookEndpoint, WebhookSecret } from '../news';
import { Confirm, Failure, NewsButton } from './NewsParts';
import { useNewsTools } from './newsContext';
import { useNewsAction } from './useNewsAction';
import { useQuarterMinute } from './useQuarterMinute';

const COPIED_MS = 2_000;

interface SigningSecretProps {
  endpoint: WebhookEndpoint;
  instructionsHref: string;
}

/** The endpoint's secret, hidden until it is asked for, and its rotation. */
export function SigningSecret({ endpoint, instructionsHref }: SigningSecretProps) {
  const { source, orgId, access, words, announce } = useNewsTools();
  const { labels } = words;
  const { id, secretVersion, secretRotatedAt } = endpoint;
  const now = useQuarterMinute();
  const [fetched, setFetched] = useState<{ secret: WebhookSecret; version: number } | null>(null);
  const shown = fetched?.version === secretVersion ? fetched.secret : null; // somebody else may rotate it
  const [isAsking, setIsAsking] = useState(false);
  const revealing = useNewsAction();
  const rotating = useNewsAction();
  const [titleId, waitId] = [useId(), useId()];
  const againAt = secretRotatedAt && new Date(secretRotatedAt.getTime() + DAY_MS);
  const mayRotate = againAt === null || againAt <= now;

  async function reveal(version: number): Promise<void> {
    await revealing.run(async () => {
      const secret = await access.revealSecret(source, orgId, id);
      setFetched({ secret, version });
    });
  }

  async function rotate(): Promise<void> {
    if (await rotating.run(() => access.rotateSecret(source, orgId, id))) {
      setIsAsking(false);
      announce(labels.rotated);
      await reveal(secretVersion + 1); // the new one is what is needed now
    }
  }

  return (
    <section className="tracking-news__secret" aria-labelledby={titleId}>
      <h3 id={titleId}>{labels.secret}</h3>
      <p className="tracking-news__quiet">
        {labels.aboutSecret}{' '}
        <a className="tracking-news__link" href={instructionsHref} target="_blank" rel="noreferrer">
          {labels.instructions}
        </a>
      </p>
      {shown ? (
        <Secrets secret={shown} now={now} />
      ) : (
        <p className="tracking-news__code">
          <span aria-hidden="true">whsec_••••••••••••••••••••</span>
          <span className="tracking-news__unseen">{labels.hidden}</span>
        </p>
      )}
      <div className="tracking-news__buttons">
        {/* One button, so that it keeps the focus. */}
        <NewsButton
          isDisabled={revealing.isBusy}
          onClick={() => (shown ? setFetched(null) : void reveal(secretVersion))}
        >
          {revealing.isBusy ? labels.showing : shown ? labels.hideSecret : labels.showSecret}
        </NewsButton>
        <NewsButton
          isExpanded={isAsking}
          isDisabled={!mayRotate}
          describedBy={mayRotate ? undefined : waitId}
          onClick={() => setIsAsking(!isAsking)}
        >
          {labels.rotate}
        </NewsButton>
      </div>
      <Failure of="reveal" error={revealing.error} />
      {!mayRotate && (
        <p id={waitId} className="tracking-news__quiet">
          {labels.rotateAgainAt(words.time(againAt, now))}
        </p>
      )}
      {isAsking && (
        <Confirm
          question={labels.rotateQuestion}
          yes={rotating.isBusy ? labels.rotating : labels.rotate}
          no={labels.cancel}
          action={rotating}
          failing="rotate"
          onYes={() => void rotate()}
          onNo={() => {
            rotating.forget();
            setIsAsking(false);
          }}
        >
          <p>{labels.aboutRotate}</p>
        </Confirm>
      )}
    </section>
  );
}

function Secrets({ secret, now }: { secret: WebhookSecret; now: Date }) {
  const { words } = useNewsTools();
  const { labels } = words;
  const { previousSecret, previousUntil } = secret;
  return (
    <>
      <Copyable name={labels.secret} text={secret.secret} />
      {previousSecret !== null && previousUntil !== null && previousUntil > now && (
        <>
          <p className="tracking-news__strong">{labels.previousSecret}</p>
          <Copyable name={labels.previousSecret} text={previousSecret} />
          <p className="tracking-news__quiet">{labels.previousUntil(words.time(previousUntil, now))}</p>
        </>
      )}
    </>
  );
}

/** A text in full, with a button that copies it. */
function Copyable({ name, text }: { name: string; text: string }) {
  const { words, announce } = useNewsTools();
  const { labels } = words;
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'copied') {
      const timer = setTimeout(() => setState('idle'), COPIED_MS);
      return () => clearTimeout(timer);
    }
    return;
  }, [state]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
      announce(labels.copied);
    } catch {
      setState('failed'); // not allowed, or no clipboard on a page without https
    }
  }

  return (
    <>
      <p className="tracking-news__code">
        <code>{text}</code>
        <NewsButton about={` ${name}`} onClick={() => void copy()}>
          {state === 'copied' ? labels.copied : labels.copy}
        </NewsButton>
      </p>
      <p className="tracking-news__problem" role="alert">
        {state === 'failed' && labels.copyFailed}
      </p>
    </>
  );
}
