/** The webhooks' part of the HTTP API. Both calls send the user's ID token. */

import type { User } from 'firebase/auth';
import { TrackingJobError, type TrackingJobErrorCode } from './errors';
import { checkId } from './inputChecks';
import { Kick } from './kick';
import type { NewsSource, WebhookSecret } from './news';
import { signedInUser } from './signIn';
import { checkOnline } from './transactions';
import { withTimeout } from './withTimeout';

/** Any other failure is `unavailable`. */
const CODES: Readonly<Record<number, TrackingJobErrorCode>> = {
  401: 'not-signed-in',
  403: 'not-allowed',
  404: 'endpoint-not-found',
  429: 'busy',
};

/**
 * Fetch an endpoint's secret, and the former one while it signs, too. For owners and admins: rejects with `not-allowed`
 * for others, with `endpoint-not-found`, and with `not-set-up` without `newsUrl` or `auth`.
 */
export async function revealSecret(source: NewsSource, orgId: string, endpointId: string): Promise<WebhookSecret> {
  checkId('orgId', orgId);
  checkId('endpointId', endpointId);
  const user = await signedInUser(source.auth);
  if (!source.newsUrl) {
    throw new TrackingJobError('not-set-up');
  }
  checkOnline();
  return withTimeout(fetchSecret(user, `${source.newsUrl}/webhooks/secret`, { orgId, endpointId }));
}

/**
 * Ask for tests and replays to be sent now instead of at the next minute. Best effort: it never fails, and without
 * `newsUrl` it does nothing.
 */
export function wake({ auth, newsUrl }: NewsSource): void {
  if (newsUrl) {
    void new Kick(auth, `${newsUrl}/webhooks/wake`).send();
  }
}

async function fetchSecret(user: User, url: string, asked: object): Promise<WebhookSecret> {
  const token = await user.getIdToken();
  const response = await fetch(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(asked),
    mode: 'cors',
    credentials: 'omit',
    cache: 'no-store',
  }).catch((cause: unknown) => {
    throw new TrackingJobError('unavailable', { cause });
  });
  if (!response.ok) {
    throw new TrackingJobError(CODES[response.status] ?? 'unavailable');
  }
  const { secret, previousSecret, previousUntil } = await response.json();
  if (typeof secret !== 'string') {
    throw new TrackingJobError('unexpected');
  }
  return {
    secret,
    previousSecret: previousSecret ?? null,
    previousUntil: previousUntil ? new Date(previousUntil) : null,
  };
}
