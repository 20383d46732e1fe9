/**
 * Webhooks as Firestore documents: paths, the fields that pages write, and readers. The readers never throw: a missing
 * or odd field becomes empty, 0 or null, so that one bad document does not break a list.
 */

import { type DocumentData, type DocumentSnapshot, serverTimestamp, Timestamp } from 'firebase/firestore';
import { count, moment, oneOf, text, texts } from './accountDocuments';
import { DAY_MS } from './day';
import { checkId } from './inputChecks';
import {
  DELIVERY_ERRORS,
  DELIVERY_STATES,
  DELIVERY_TRIGGERS,
  type DeliveryAttempt,
  type EndpointHealth,
  OFF_REASONS,
  TEST_TYPE,
  type WebhookDelivery,
  type WebhookEndpoint,
} from './news';

/** The rules take 31, for a page whose clock is fast. */
const TEST_KEPT_DAYS = 30;

/** Return the path of an organisation's endpoints. Throws a TrackingJobError `invalid-input` for a wrong id. */
export function endpointsPath(orgId: string): string {
  checkId('orgId', orgId);
  return `organizations/${orgId}/webhookEndpoints`;
}

/** Return the path of an endpoint; otherwise as `endpointsPath`. */
export function endpointPath(orgId: string, endpointId: string): string {
  checkId('endpointId', endpointId);
  return `${endpointsPath(orgId)}/${endpointId}`;
}

/** Return the path of an endpoint's deliveries; otherwise as `endpointsPath`. */
export function deliveriesPath(orgId: string, endpointId: string): string {
  return `${endpointPath(orgId, endpointId)}/deliveries`;
}

/** Fields of a new endpoint, besides those that a person chooses. */
export function newEndpointFields(uid: string) {
  return {
    enabled: true,
    secretVersion: 1,
    secretRotatedAt: null,
    createdBy: uid,
    createdAt: serverTimestamp(),
    updatedAt: serverTimestamp(),
    health: null,
  };
}

/** Fields that make the next secret of an endpoint. */
export function rotationFields(secretVersion: number) {
  return { secretVersion: secretVersion + 1, secretRotatedAt: serverTimestamp(), updatedAt: serverTimestamp() };
}

/** All fields of a test. */
export function testFields() {
  return {
    type: TEST_TYPE,
    projectId: null,
    trigger: 'test',
    state: 'pending',
    createdAt: serverTimestamp(),
    attempt: 0,
    nextAttemptAt: serverTimestamp(),
    attempts: [],
    expireAt: Timestamp.fromMillis(Date.now() + TEST_KEPT_DAYS * DAY_MS),
  };
}

/** Fields that make a delivery be sent once more. */
export function replayFields() {
  return { state: 'pending', trigger: 'replay', attempt: 0, nextAttemptAt: serverTimestamp() };
}

export function readEndpoint(snapshot: DocumentSnapshot): WebhookEndpoint {
  const data = snapshot.data() ?? {};
  return {
    id: snapshot.id,
    url: text(data.url),
    description: text(data.description),
    eventTypes: texts(data.eventTypes),
    projectIds: texts(data.projectIds),
    enabled: data.enabled === true,
    secretVersion: count(data.secretVersion) ?? 0,
    secretRotatedAt: moment(data.secretRotatedAt),
    createdBy: text(data.createdBy),
    createdAt: moment(data.createdAt),
    health: health(data.health),
  };
}

export function readDelivery(snapshot: DocumentSnapshot): WebhookDelivery {
  const data = snapshot.data() ?? {};
  return {
    id: snapshot.id,
    type: text(data.type),
    projectId: text(data.projectId) || null,
    trigger: oneOf(DELIVERY_TRIGGERS, data.trigger) ?? 'event',
    state: oneOf(DELIVERY_STATES, data.state) ?? 'failed',
    createdAt: moment(data.createdAt),
    attempt: count(data.attempt) ?? 0,
    nextAttemptAt: moment(data.nextAttemptAt),
    attempts: (Array.isArray(data.attempts) ? data.attempts : []).flatMap(attempt),
  };
}

function health(value: unknown): EndpointHealth | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const data = value as DocumentData;
  return {
    failingSince: moment(data.failingSince),
    failures: count(data.failures) ?? 0,
    lastStatus: count(data.lastStatus),
    lastError: oneOf(DELIVERY_ERRORS, data.lastError),
    lastAttemptAt: moment(data.lastAttemptAt),
    lastDeliveredAt: moment(data.lastDeliveredAt),
    offReason: oneOf(OFF_REASONS, data.offReason),
    offAt: moment(data.offAt),
  };
}

function attempt(value: DocumentData | null): DeliveryAttempt[] {
  const at = moment(value?.at);
  return at === null
    ? []
    : [
        {
          at,
          status: count(value?.status),
          error: oneOf(DELIVERY_ERRORS, value?.error),
          ms: count(value?.ms) ?? 0,
        },
      ];
}
