import { useId } from 'react';
import { TEST_TYPE, type WebhookDelivery } from '../news';
import { nextAttemptWords } from './Health';
import { MARKS, NewsIcon } from './NewsIcons';
import { Failure, NewsButton } from './NewsParts';
import { useNewsTools } from './newsContext';
import { lastResultWords, resultWords, shortId, typeName } from './newsWords';
import { useNewsAction } from './useNewsAction';

interface DeliveryRowProps {
  endpointId: string;
  delivery: WebhookDelivery;
  now: Date;
  /** The reason why it cannot be replayed; null if it can. */
  whyNoReplay: string | null;
  isOpen: boolean;
  onTurn: (isOpen: boolean) => void;
  onReplayed: () => void;
}

/** One delivery: its state, and behind a click its attempts. */
export function DeliveryRow(props: DeliveryRowProps) {
  const { delivery, now, isOpen, onTurn } = props;
  const { words } = useNewsTools();
  const { labels } = words;
  const detailsId = useId();
  const { state, trigger, createdAt, attempts, nextAttemptAt } = delivery;
  const mark = MARKS[state];
  const last = lastResultWords(attempts, words);
  const next = state === 'pending' && nextAttemptAt ? nextAttemptWords(nextAttemptAt, words, now) : '';
  // The type of a test says it already.
  const badge = trigger === 'replay' ? labels.triggers.replay : null;
  return (
    <li className="tracking-news__delivery">
      <button
        type="button"
        className="tracking-news__summary"
        aria-expanded={isOpen}
        aria-controls={isOpen ? detailsId : undefined}
        onClick={() => onTurn(!isOpen)}
      >
        <span className={`tracking-news__mark tracking-news__mark--${mark}`}>
          <NewsIcon mark={mark} />
          <span>{labels.states[state]}</span>
        </span>
        <span className="tracking-news__type">
          <span>{typeName(delivery.type, words)}</span>
          {badge && <span className="tracking-news__badge">{badge}</span>}
          {/* Read out it is only noise. It is among the details, whole. */}
          <code className="tracking-news__id" aria-hidden="true">
            {shortId(delivery.id, delivery.type)}
          </code>
        </span>
        <span className="tracking-news__result">{next || last}</span>
        <span className="tracking-news__when">{createdAt && words.exactTime(createdAt, now)}</span>
        <NewsIcon mark="chevron" />
      </button>
      {isOpen && (
        <div id={detailsId} className="tracking-news__details">
          <Attempts delivery={delivery} now={now} />
          {next && <p>{next}</p>}
          <dl className="tracking-news__facts">
            <div>
              <dt>{labels.deliveryId}</dt>
              <dd>
                <code>{delivery.id}</code>
              </dd>
            </div>
            <div>
              <dt>{labels.event}</dt>
              <dd>
                <code>{delivery.type}</code>
              </dd>
            </div>
            {delivery.projectId !== null && <Project id={delivery.projectId} />}
          </dl>
          {state !== 'pending' && delivery.type !== TEST_TYPE && <Replay {...props} />}
        </div>
      )}
    </li>
  );
}

function Project({ id }: { id: string }) {
  const { words, projects } = useNewsTools();
  return (
    <div>
      <dt>{words.labels.project}</dt>
      <dd>{projects.find((project) => project.id === id)?.name ?? id}</dd>
    </div>
  );
}

function Attempts({ delivery: { attempts, state }, now }: { delivery: WebhookDelivery; now: Date }) {
  const { words } = useNewsTools();
  const { labels } = words;
  if (attempts.length === 0) {
    return <p className="tracking-news__quiet">{state === 'skipped' ? labels.wasOff : labels.noAttempts}</p>;
  }
  return (
    <ol className="tracking-news__attempts" aria-label={labels.attempts}>
      {attempts.map((attempt) => (
        <li key={attempt.at.getTime()}>
          <span>{words.exactTime(attempt.at, now)}</span>
          <span>{resultWords(attempt, words)}</span>
          <span className="tracking-news__quiet">{words.duration(attempt.ms)}</span>
        </li>
      ))}
    </ol>
  );
}

function Replay({ endpointId, delivery, now, whyNoReplay: whyNot, onReplayed }: DeliveryRowProps) {
  const { source, orgId, access, words, announce } = useNewsTools();
  const { labels } = words;
  const action = useNewsAction();
  const whyId = useId();

  async function replay(): Promise<void> {
    onReplayed(); // before the listener hears of it
    if (await action.run(() => access.replayDelivery(source, orgId, endpointId, delivery.id))) {
      announce(labels.replayed);
    }
  }

  return (
    <div className="tracking-news__line">
      <NewsButton
        about={labels.ofDelivery(
          typeName(delivery.type, words),
          delivery.createdAt ? words.exactTime(delivery.createdAt, now) : '',
        )}
        isDisabled={action.isBusy || whyNot !== null}
        describedBy={whyNot === null ? undefined : whyId}
        onClick={() => void replay()}
      >
        {action.isBusy ? labels.replaying : labels.replay}
      </NewsButton>
      {whyNot !== null && (
        <span id={whyId} className="tracking-news__quiet">
          {whyNot}
        </span>
      )}
      <Failure of="replay" error={action.error} />
    </div>
  );
}
