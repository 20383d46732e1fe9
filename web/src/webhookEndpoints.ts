/** An organisation's webhook endpoints, for its owners and admins. Others are `not-allowed`. */

import {
  collection,
  type DocumentData,
  type DocumentReference,
  type DocumentSnapshot,
  doc,
  getDocsFromServer,
  limit,
  query,
  serverTimestamp,
  type Transaction,
} from 'firebase/firestore';
import { DAY_MS } from './day';
import { hasCode, TrackingJobError } from './errors';
import { checkChoice, checkIds, checkList, checkSwitch, checkText } from './inputChecks';
import {
  type EndpointChanges,
  EVENT_TYPES,
  MAX_ENDPOINTS,
  NEWS_LIMITS,
  type NewEndpoint,
  type NewsSource,
  type WebhookEndpoint,
} from './news';
import { logError, type OnError, type Unsubscribe } from './retryingListener';
import { checkSignedIn, signedInUser } from './signIn';
import { checkOnline, transact } from './transactions';
import { type Newest, watchNewest } from './watchNewest';
import { endpointPath, endpointsPath, newEndpointFields, readEndpoint, rotationFields } from './webhookDocuments';
import { checkedUrl } from './webhookUrl';
import { withTimeout } from './withTimeout';

/**
 * Watch an organisation's endpoints, oldest first: now and after each change. Throws a TrackingJobError `invalid-input`
 * for a wrong id. After a failure, passed to `onError`, it tries again by itself.
 */
export function watchEndpoints(
  source: NewsSource,
  orgId: string,
  onEndpoints: (endpoints: Newest<WebhookEndpoint>) => void,
  onError: OnError = logError,
): Unsubscribe {
  const show = ({ items, ...rest }: Newest<WebhookEndpoint>) =>
    onEndpoints({ ...rest, items: items.sort((a, b) => Number(a.createdAt) - Number(b.createdAt)) });
  // In the order of their ids, as the functions take them: an order by `createdAt` would hide those without one.
  return watchNewest(source, endpointsPath(orgId), [], MAX_ENDPOINTS, readEndpoint, show, onError);
}

/**
 * Add an endpoint, switched on; resolves to its id. Rejects with `invalid-input` for an address that the functions would
 * not call, and with `illegal-change` (status `full`) when the organisation has 20 endpoints.
 */
export async function addEndpoint(
  { firestore, auth }: NewsSource,
  orgId: string,
  { url, description = '', eventTypes = [], projectIds = [] }: NewEndpoint,
): Promise<string> {
  const endpoints = collection(firestore, endpointsPath(orgId));
  const chosen = { url: checkedUrl(url), ...chosenFields({ description, eventTypes, projectIds }) };
  const { uid } = await signedInUser(auth);
  checkOnline();
  const { size } = await withTimeout(getDocsFromServer(query(endpoints, limit(MAX_ENDPOINTS))));
  if (size === MAX_ENDPOINTS) {
    const message = `There are ${MAX_ENDPOINTS} endpoints already. Remove one first.`;
    throw new TrackingJobError('illegal-change', { status: 'full', message });
  }
  const ref = doc(endpoints);
  let isSent = false;
  await transact(firestore, async (transaction) => {
    const isWritten = isSent && (await transaction.get(ref)).exists();
    if (!isWritten) {
      transaction.set(ref, { ...chosen, ...newEndpointFields(uid) });
      isSent = true;
    }
  });
  return ref.id;
}

/**
 * Change some fields of an endpoint. Switching it on also clears its health. Rejects with `invalid-input` and with
 * `endpoint-not-found`.
 */
export async function changeEndpoint(
  source: NewsSource,
  orgId: string,
  endpointId: string,
  changes: EndpointChanges,
): Promise<void> {
  const chosen = chosenFields(changes);
  await changeDocument(source, orgId, endpointId, (endpoint) => ({
    ...chosen,
    ...(changes.enabled && !endpoint.get('enabled') && { health: null }),
    updatedAt: serverTimestamp(),
  }));
}

/**
 * Remove an endpoint. Nothing more is sent to it; its log is deleted within 30 days. Rejects with `endpoint-not-found`.
 */
export async function removeEndpoint(
  { firestore, auth }: NewsSource,
  orgId: string,
  endpointId: string,
): Promise<void> {
  const ref = doc(firestore, endpointPath(orgId, endpointId));
  await checkSignedIn(auth);
  let wasThere = false;
  await transact(firestore, async (transaction) => {
    if ((await transaction.get(ref)).exists()) {
      wasThere = true;
      transaction.delete(ref);
    } else if (!wasThere) {
      throw new TrackingJobError('endpoint-not-found');
    }
  });
}

/**
 * Make a new secret. For 24 hours the former one signs, too. Rejects with `too-early` within 24 hours of the last
 * rotation; `allowedAt` of the error is the time from which on it may be rotated. Rejects with `endpoint-not-found`.
 */
export async function rotateSecret(source: NewsSource, orgId: string, endpointId: string): Promise<void> {
  let first: WebhookEndpoint | undefined;
  try {
    await changeDocument(source, orgId, endpointId, (snapshot) => {
      const endpoint = readEndpoint(snapshot);
      first ??= endpoint;
      // If it grew meanwhile, either this call's write arrived and its reply was lost, or somebody else rotated.
      return endpoint.secretVersion > first.secretVersion ? null : rotationFields(endpoint.secretVersion);
    });
  } catch (error) {
    // Who may read the endpoint may also rotate its secret. So a refused write is too early, by the server's clock.
    if (first?.secretRotatedAt && hasCode(error, 'not-allowed')) {
      const allowedAt = new Date(first.secretRotatedAt.getTime() + DAY_MS);
      const time = allowedAt.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'short' });
      const message = `The secret was changed within the last 24 hours. It can be changed again on ${time}.`;
      throw new TrackingJobError('too-early', { allowedAt, message, cause: error });
    }
    throw error;
  }
}

/** Read an endpoint in a transaction. Throws `endpoint-not-found`. */
export async function getEndpoint(transaction: Transaction, ref: DocumentReference): Promise<DocumentSnapshot> {
  const snapshot = await transaction.get(ref);
  if (!snapshot.exists()) {
    throw new TrackingJobError('endpoint-not-found');
  }
  return snapshot;
}

/** Write the fields that `change` returns; null for none. */
async function changeDocument(
  source: NewsSource,
  orgId: string,
  endpointId: string,
  change: (endpoint: DocumentSnapshot) => DocumentData | null,
): Promise<void> {
  const ref = doc(source.firestore, endpointPath(orgId, endpointId));
  await checkSignedIn(source.auth);
  await transact(source.firestore, async (transaction) => {
    const fields = change(await getEndpoint(transaction, ref));
    if (fields) {
      transaction.update(ref, fields);
    }
  });
}

/** Check the fields that a person chooses, and return those that are given, as they are written. */
function chosenFields({ url, description, eventTypes, projectIds, enabled }: EndpointChanges): DocumentData {
  return {
    ...(url !== undefined && { url: checkedUrl(url) }),
    ...(description !== undefined && { description: checkText('description', description, NEWS_LIMITS.description) }),
    ...(eventTypes !== undefined && { eventTypes: checkEventTypes(eventTypes) }),
    ...(projectIds !== undefined && { projectIds: checkIds('projectIds', projectIds, NEWS_LIMITS.projectIds) }),
    ...(enabled !== undefined && { enabled: checkSwitch('enabled', enabled) }),
  };
}

function checkEventTypes(types: readonly string[]): string[] {
  checkList('eventTypes', types, NEWS_LIMITS.eventTypes);
  for (const type of types) {
    checkChoice('eventTypes', type, EVENT_TYPES);
  }
  return [...new Set(types)];
}
