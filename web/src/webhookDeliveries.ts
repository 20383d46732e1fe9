/** The log of an endpoint's deliveries, tests and replays; for owners and admins. Others are `not-allowed`. */

import {
  collection,
  type DocumentSnapshot,
  doc,
  getDocFromServer,
  getDocsFromServer,
  limit,
  orderBy,
  type QueryDocumentSnapshot,
  query,
  snapshotEqual,
  startAfter,
  Timestamp,
  where,
} from 'firebase/firestore';
import { hasCode, TrackingJobError } from './errors';
import { checkChoice, checkId, checkMoment, checkNewest } from './inputChecks';
import {
  DELIVERY_STATES,
  type DeliveryState,
  type NewsSource,
  REPLAYABLE,
  TEST_TYPE,
  type WebhookDelivery,
} from './news';
import { logError, type OnError, type Unsubscribe } from './retryingListener';
import { checkSignedIn } from './signIn';
import { checkOnline, transact } from './transactions';
import { type Newest, watchNewest } from './watchNewest';
import { deliveriesPath, endpointPath, readDelivery, replayFields, testFields } from './webhookDocuments';
import { getEndpoint } from './webhookEndpoints';
import { wake } from './webhooksApi';
import { withTimeout } from './withTimeout';

/** Deliveries per batch. The rules check each of them, and one call may take at most 15 s. */
const BATCH = 100;
const DEFAULT_NEWEST = 50;

/**
 * Watch the newest deliveries to an endpoint, or those in some states: now and after each change. Throws a
 * TrackingJobError `invalid-input` for a wrong argument. After a failure, passed to `onError`, it tries again by itself.
 */
export function watchDeliveries(
  source: NewsSource,
  orgId: string,
  endpointId: string,
  { states, limit: newest = DEFAULT_NEWEST }: { states?: readonly DeliveryState[]; limit?: number },
  onDeliveries: (deliveries: Newest<WebhookDelivery>) => void,
  onError: OnError = logError,
): Unsubscribe {
  for (const state of states ?? []) {
    checkChoice('states', state, DELIVERY_STATES);
  }
  checkNewest(newest, 'limit');
  const path = deliveriesPath(orgId, endpointId);
  const wanted = [...(states?.length ? [where('state', 'in', states)] : []), orderBy('createdAt', 'desc')];
  return watchNewest(source, path, wanted, newest, readDelivery, onDeliveries, onError);
}

/**
 * Send a test to an endpoint, once, also to one that is off. Resolves to the id of its delivery, which can be watched.
 * Rejects with `endpoint-not-found`.
 */
export async function sendTest(source: NewsSource, orgId: string, endpointId: string): Promise<string> {
  const { firestore, auth } = source;
  const endpoint = doc(firestore, endpointPath(orgId, endpointId));
  const ref = doc(collection(firestore, deliveriesPath(orgId, endpointId)));
  await checkSignedIn(auth);
  let isSent = false;
  await transact(firestore, async (transaction) => {
    await getEndpoint(transaction, endpoint);
    const isWritten = isSent && (await transaction.get(ref)).exists();
    if (!isWritten) {
      transaction.set(ref, testFields());
      isSent = true;
    }
  });
  wake(source);
  return ref.id;
}

/**
 * Send an event again, once. Rejects with `illegal-change` while the endpoint is off (status `off`) or the delivery is
 * not over (`pending`), and for a test (`test`); with `endpoint-not-found` and with `delivery-not-found`.
 */
export async function replayDelivery(
  source: NewsSource,
  orgId: string,
  endpointId: string,
  deliveryId: string,
): Promise<void> {
  const { firestore, auth } = source;
  checkId('deliveryId', deliveryId);
  const endpoint = doc(firestore, endpointPath(orgId, endpointId));
  const ref = doc(firestore, deliveriesPath(orgId, endpointId), deliveryId);
  await checkSignedIn(auth);
  let sentFrom: DocumentSnapshot | undefined;
  await transact(firestore, async (transaction) => {
    checkOn(await transaction.get(endpoint));
    const snapshot = await transaction.get(ref);
    if (!snapshot.exists()) {
      throw new TrackingJobError('delivery-not-found');
    }
    // Either this call's write arrived and its reply was lost, or somebody else replayed it at the same moment.
    const isDone = sentFrom && !snapshotEqual(snapshot, sentFrom);
    if (isDone) {
      return;
    }
    const { state, type } = readDelivery(snapshot);
    if (type === TEST_TYPE) {
      const message = 'A test cannot be sent again. Send another one.';
      throw new TrackingJobError('illegal-change', { status: 'test', message });
    }
    if (!REPLAYABLE.includes(state)) {
      throw new TrackingJobError('illegal-change', { status: state, message: 'This delivery is not over yet.' });
    }
    transaction.update(ref, replayFields());
    sentFrom = snapshot;
  });
  wake(source);
}

/**
 * Send the events again that failed or were skipped in a time: those whose deliveries were made from `since` on, until
 * `until`. Resolves to their number. After a failure the same call may be repeated: it goes on with the rest. Rejects with
 * `illegal-change` while the endpoint is off, and with `endpoint-not-found`.
 */
export async function replayDeliveries(
  source: NewsSource,
  orgId: string,
  endpointId: string,
  { since, until = new Date() }: { since: Date; until?: Date },
): Promise<number> {
  const { firestore, auth } = source;
  const deliveries = collection(firestore, deliveriesPath(orgId, endpointId));
  const from = Timestamp.fromDate(checkMoment('since', since));
  const to = Timestamp.fromDate(checkMoment('until', until));
  await checkSignedIn(auth);
  checkOnline();
  checkOn(await withTimeout(getDocFromServer(doc(firestore, endpointPath(orgId, endpointId)))));

  /** Read the next ones. Not those from the beginning again: a replay may have failed meanwhile. */
  async function after(last: QueryDocumentSnapshot | undefined): Promise<QueryDocumentSnapshot[]> {
    const some = query(
      deliveries,
      where('state', 'in', ['failed', 'skipped']),
      where('createdAt', '>=', from),
      where('createdAt', '<=', to),
      orderBy('createdAt', 'desc'),
      ...(last ? [startAfter(last)] : []),
      limit(BATCH),
    );
    return (await withTimeout(getDocsFromServer(some))).docs;
  }

  let last: QueryDocumentSnapshot | undefined;
  let replayed = 0;
  let refusals = 0;
  for (;;) {
    const docs = await after(last);
    const events = docs.filter((one) => one.get('type') !== TEST_TYPE);
    try {
      await transact(firestore, async (transaction) => {
        for (const { ref } of events) {
          transaction.update(ref, replayFields());
        }
      });
    } catch (error) {
      // The rules refuse the whole batch if one of its deliveries was replayed meanwhile. Read again, once.
      refusals += 1;
      if (refusals > 1 || !hasCode(error, 'not-allowed')) {
        throw error;
      }
      continue;
    }
    refusals = 0;
    replayed += events.length;
    last = docs.at(-1);
    if (events.length > 0) {
      wake(source);
    }
    if (docs.length < BATCH) {
      return replayed;
    }
  }
}

/** Throw unless the endpoint is there and on. */
function checkOn(endpoint: DocumentSnapshot): void {
  if (!endpoint.exists()) {
    throw new TrackingJobError('endpoint-not-found');
  }
  if (endpoint.get('enabled') !== true) {
    const message = 'This endpoint is switched off. Switch it on first.';
    throw new TrackingJobError('illegal-change', { status: 'off', message });
  }
}
