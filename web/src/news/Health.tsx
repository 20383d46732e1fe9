import { useCallback } from 'react';
import type { WebhookDelivery, WebhookEndpoint } from '../news';
import type { Newest } from '../watchNewest';
import { NewsIcon, type NewsMark } from './NewsIcons';
import { useNewsTools } from './newsContext';
import { type NewsWords, resultWords } from './newsWords';
import { STEP_MS, useQuarterMinute } from './useQuarterMinute';
import { useWatched } from './useWatched';

/** Deliveries that wait, of which the one that is due first is looked for. */
const MOST_WAITING = 20;

export interface HealthText {
  mark: NewsMark;
  text: string;
  isFailing: boolean;
  /** The time of the last delivery; null if there was none. */
  lastDeliveredAt: Date | null;
}

/** Say in words how an endpoint does. */
export function healthOf({ enabled, health }: WebhookEndpoint, words: NewsWords, now: Date): HealthText {
  const { labels } = words;
  const lastDeliveredAt = health?.lastDeliveredAt ?? null;
  if (!enabled) {
    const { offReason, offAt } = health ?? {};
    const text = offReason && offAt ? labels.offBecause[offReason](words.day(offAt)) : labels.off;
    return { mark: offReason ? 'bad' : 'off', text, isFailing: false, lastDeliveredAt };
  }
  if (!health?.lastAttemptAt) {
    return { mark: 'none', text: labels.noDelivery, isFailing: false, lastDeliveredAt };
  }
  if (health.failingSince) {
    const last = resultWords({ status: health.lastStatus, error: health.lastError }, words);
    const text = labels.failingSince(words.time(health.failingSince, now), last);
    return { mark: 'bad', text, isFailing: true, lastDeliveredAt };
  }
  return { mark: 'good', text: labels.delivering, isFailing: false, lastDeliveredAt };
}

/** The state of an endpoint: a mark, words, and the last delivery or the next attempt. */
export function Health({ endpoint }: { endpoint: WebhookEndpoint }) {
  const { words } = useNewsTools();
  const now = useQuarterMinute();
  const { mark, text, isFailing, lastDeliveredAt } = healthOf(endpoint, words, now);
  return (
    <div className="tracking-news__health">
      <p className={`tracking-news__mark tracking-news__mark--${mark}`}>
        <NewsIcon mark={mark} />
        <span>{text}</span>
      </p>
      <p className="tracking-news__quiet">
        {isFailing && <NextAttempt endpointId={endpoint.id} now={now} />}
        {lastDeliveredAt && <span>{words.labels.lastDelivery(words.time(lastDeliveredAt, now))}</span>}
      </p>
    </div>
  );
}

/** The next attempt of any delivery of a failing endpoint. The endpoint's own document does not know it. */
function NextAttempt({ endpointId, now }: { endpointId: string; now: Date }) {
  const { source, orgId, access, words } = useNewsTools();
  const waiting = useWatched<Newest<WebhookDelivery>>(
    useCallback(
      (onDeliveries, onError) =>
        access.watchDeliveries(
          source,
          orgId,
          endpointId,
          { states: ['pending'], limit: MOST_WAITING },
          onDeliveries,
          onError,
        ),
      [access, source, orgId, endpointId],
    ),
  );
  const times = (waiting.value?.items ?? []).flatMap(({ nextAttemptAt }) => nextAttemptAt?.getTime() ?? []);
  return times.length > 0 && <span>{nextAttemptWords(new Date(Math.min(...times)), words, now)}</span>;
}

export function nextAttemptWords(at: Date, words: NewsWords, now: Date): string {
  // `now` may be a step old.
  return at.getTime() < now.getTime() + STEP_MS ? words.labels.dueNow : words.labels.nextAttempt(words.time(at, now));
}
