import { useCallback, useEffect, useId, useRef, useState } from 'react';
import { DELIVERY_STATES, type DeliveryState, type WebhookDelivery, type WebhookEndpoint } from '../news';
import type { Newest } from '../watchNewest';
import { DeliveryRow } from './DeliveryRow';
import { Failure, LoadFailure, NewsButton, NewsSkeleton } from './NewsParts';
import { useNewsTools } from './newsContext';
import { lastResultWords, typeName } from './newsWords';
import { ReplayMany } from './ReplayMany';
import { useNewsAction } from './useNewsAction';
import { useQuarterMinute } from './useQuarterMinute';
import { useWatched } from './useWatched';

const PAGE = 50;

interface DeliveriesProps {
  endpoint: WebhookEndpoint;
  /** The element of the title: whether there is a higher one depends on the page. */
  title: 'h2' | 'h3';
}

/** The log of an endpoint's deliveries, newest first, with tests and replays. */
export function Deliveries({ endpoint, title: Title }: DeliveriesProps) {
  const { source, orgId, access, words, announce } = useNewsTools();
  const { labels } = words;
  const endpointId = endpoint.id;
  const [state, setState] = useState<DeliveryState | null>(null);
  const [limit, setLimit] = useState(PAGE);
  const [openIds, setOpenIds] = useState<ReadonlySet<string>>(new Set());
  const [isReplaying, setIsReplaying] = useState(false);
  const testing = useNewsAction();
  const now = useQuarterMinute();
  const [titleId, onlyOnId] = [useId(), useId()];

  const deliveries = useWatched<Newest<WebhookDelivery>>(
    useCallback(
      (onDeliveries, onError) =>
        access.watchDeliveries(
          source,
          orgId,
          endpointId,
          state === null ? { limit } : { states: [state], limit },
          onDeliveries,
          onError,
        ),
      [access, source, orgId, endpointId, state, limit],
    ),
  );
  const { value, error, isCurrent } = deliveries;
  // Those of another filter stay until the new ones are here, if they pass.
  const items = value?.items.filter((delivery) => state === null || delivery.state === state);
  const follow = useFollowed(items);
  const isLoading = !error && (!items || (!isCurrent && items.length === 0));

  function turn(id: string, isOpen: boolean): void {
    setOpenIds((last) => new Set(isOpen ? [...last, id] : [...last].filter((other) => other !== id)));
  }

  async function test(): Promise<void> {
    let id = '';
    const isSent = await testing.run(async () => {
      id = await access.sendTest(source, orgId, endpointId);
    });
    if (isSent) {
      setState(null); // with another filter nobody would see it
      turn(id, true);
      follow(id, true);
      announce(labels.testSent);
    }
  }

  return (
    <section className="tracking-news__card" aria-labelledby={titleId} aria-busy={isLoading}>
      <div className="tracking-news__head">
        <Title id={titleId}>{labels.log}</Title>
        <div className="tracking-news__buttons">
          <NewsButton
            isExpanded={isReplaying}
            isDisabled={!endpoint.enabled}
            describedBy={endpoint.enabled ? undefined : onlyOnId}
            onClick={() => setIsReplaying(!isReplaying)}
          >
            {labels.replayMany}
          </NewsButton>
          <NewsButton isDisabled={testing.isBusy} onClick={() => void test()}>
            {testing.isBusy ? labels.sendingTest : labels.sendTest}
          </NewsButton>
        </div>
      </div>
      <p className="tracking-news__quiet">
        <span>{labels.aboutLog}</span> {!endpoint.enabled && <span id={onlyOnId}>{labels.onlyWhileOn}</span>}
      </p>
      <Failure of="test" error={testing.error} />
      {isReplaying && endpoint.enabled && <ReplayMany endpoint={endpoint} onClose={() => setIsReplaying(false)} />}
      <StateFilter state={state} onState={setState} />
      {isLoading && <NewsSkeleton rows={5} />}
      {items?.length === 0 && !isLoading && !error && (
        <p className="tracking-news__empty">{state === null ? labels.noDeliveries : labels.noneOfState}</p>
      )}
      {items && items.length > 0 && (
        <ul className="tracking-news__list">
          {items.map((delivery) => (
            <DeliveryRow
              key={delivery.id}
              endpointId={endpointId}
              delivery={delivery}
              now={now}
              whyNoReplay={endpoint.enabled ? null : labels.onlyWhileOn}
              isOpen={openIds.has(delivery.id)}
              onTurn={(isOpen) => turn(delivery.id, isOpen)}
              onReplayed={() => follow(delivery.id, false)}
            />
          ))}
        </ul>
      )}
      {error && !items && <LoadFailure error={error} onTryAgain={deliveries.tryAgain} />}
      {items && (error || value?.connection === 'reconnecting') && (
        <p className="tracking-news__stale">{labels.lastKnown}</p>
      )}
      {value?.hasMore && (
        <div className="tracking-news__more">
          <NewsButton isDisabled={!isCurrent} onClick={() => setLimit(limit + PAGE)}>
            {labels.showMore}
          </NewsButton>
        </div>
      )}
    </section>
  );
}

/** Return a function that follows a delivery, whose end is then said. */
function useFollowed(known: readonly WebhookDelivery[] | undefined) {
  const { words, announce } = useNewsTools();
  /** Id -> whether it was seen waiting. A replay is followed before the listener knows of it. */
  const followed = useRef(new Map<string, boolean>());
  useEffect(() => {
    for (const delivery of known ?? []) {
      const hasWaited = followed.current.get(delivery.id);
      if (delivery.state === 'pending' && hasWaited === false) {
        followed.current.set(delivery.id, true);
      } else if (delivery.state !== 'pending' && hasWaited) {
        followed.current.delete(delivery.id);
        const { ended, states } = words.labels;
        announce(
          ended(typeName(delivery.type, words), states[delivery.state], lastResultWords(delivery.attempts, words)),
        );
      }
    }
  });
  return (id: string, hasWaited: boolean) => void followed.current.set(id, hasWaited);
}

interface StateFilterProps {
  state: DeliveryState | null;
  onState: (state: DeliveryState | null) => void;
}

function StateFilter({ state, onState }: StateFilterProps) {
  const { labels } = useNewsTools().words;
  const name = useId();
  return (
    <fieldset className="tracking-news__segments">
      <legend className="tracking-news__unseen">{labels.state}</legend>
      {[null, ...DELIVERY_STATES].map((choice) => (
        <label key={choice ?? 'all'}>
          <input type="radio" name={name} checked={state === choice} onChange={() => onState(choice)} />
          <span>{choice === null ? labels.allStates : labels.states[choice]}</span>
        </label>
      ))}
    </fieldset>
  );
}
