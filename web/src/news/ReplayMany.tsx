import { useCallback, useState } from 'react';
import { DAY_MS } from '../day';
import { TEST_TYPE, type WebhookDelivery, type WebhookEndpoint } from '../news';
import type { Newest } from '../watchNewest';
import { Failure, NewsButton, useHeldFocus } from './NewsParts';
import { useNewsTools } from './newsContext';
import { useIsMounted, useNewsAction } from './useNewsAction';
import { useWatched } from './useWatched';

/** Deliveries that are counted before the question; each is one read, which Firestore charges. */
const MOST_COUNTED = 500;

const RANGES_MS = { hour: DAY_MS / 24, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;
type Range = keyof typeof RANGES_MS;
const RANGES = Object.keys(RANGES_MS) as Range[];

interface ReplayManyProps {
  endpoint: WebhookEndpoint;
  onClose: () => void;
}

/** Replay all that failed or was skipped since a time, after saying how many that are. */
export function ReplayMany({ endpoint, onClose }: ReplayManyProps) {
  const { source, orgId, access, words, announce } = useNewsTools();
  const { labels } = words;
  const [openedAt] = useState(() => new Date());
  const trouble = endpoint.health?.failingSince ?? null;
  const [chosen, setChosen] = useState<Range | 'trouble'>(trouble ? 'trouble' : 'week');
  const range = chosen === 'trouble' && !trouble ? 'week' : chosen; // it may end while this is open
  const action = useNewsAction();
  const isMounted = useIsMounted();
  const ref = useHeldFocus();

  const counted = useWatched<Newest<WebhookDelivery>>(
    useCallback(
      (onDeliveries, onError) =>
        access.watchDeliveries(
          source,
          orgId,
          endpoint.id,
          { states: ['failed', 'skipped'], limit: MOST_COUNTED },
          onDeliveries,
          onError,
        ),
      [access, source, orgId, endpoint.id],
    ),
  );
  const since = range === 'trouble' && trouble ? trouble : new Date(openedAt.getTime() - RANGES_MS[range as Range]);
  const { items, hasMore } = counted.value ?? {};
  const inTime = items?.filter(({ createdAt }) => createdAt && createdAt >= since);
  const isAll = !hasMore || inTime?.length !== items?.length; // the list goes back beyond the time
  const count = inTime?.filter(({ type }) => type !== TEST_TYPE).length; // no test is sent again
  const shown = count === undefined ? '' : isAll ? words.number(count) : labels.orMore(words.number(count));

  async function replay(): Promise<void> {
    const isDone = await action.run(async () => {
      const replayed = await access.replayDeliveries(source, orgId, endpoint.id, { since });
      announce(labels.replayedAll(words.number(replayed), replayed));
    });
    if (isDone && isMounted()) {
      onClose();
    }
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: it holds a field and a question
    <div
      ref={ref}
      className="tracking-news__confirm"
      role="group"
      aria-label={labels.replayMany}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !action.isBusy) {
          event.stopPropagation();
          onClose();
        }
      }}
    >
      <label className="tracking-news__field">
        <span>{labels.range}</span>
        <select value={range} onChange={({ target }) => setChosen(target.value as Range | 'trouble')}>
          {trouble && <option value="trouble">{labels.sinceTrouble(words.time(trouble, openedAt))}</option>}
          {RANGES.map((name) => (
            <option key={name} value={name}>
              {labels.ranges[name]}
            </option>
          ))}
        </select>
      </label>
      <p role="status">{count === undefined ? !counted.error && labels.counting : labels.found(shown, count)}</p>
      <Failure of="load" error={count === undefined ? counted.error : null} />
      <Failure of="replay" error={action.error} />
      <div className="tracking-news__buttons">
        <NewsButton onClick={onClose}>{labels.cancel}</NewsButton>
        <NewsButton kind="primary" isDisabled={!count || action.isBusy} onClick={() => void replay()}>
          {action.isBusy ? labels.replaying : count ? labels.replayAll(shown, count) : labels.replay}
        </NewsButton>
      </div>
    </div>
  );
}
