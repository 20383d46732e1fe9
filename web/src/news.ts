/**
 * News for others than this page: an organisation's webhooks, and the mails that a person gets. `contracts/webhooks.json`,
 * `notifications.json` and `events.json` describe the documents for Python and for this module; a test compares this
 * module with them.
 */

import type { Auth } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';

/** The types that an endpoint may choose from. */
export const EVENT_TYPES = [
  'tracking.job.completed',
  'tracking.job.failed',
  'tracking.account.refreshed',
  'tracking.account.renamed',
  'tracking.account.unavailable',
  'tracking.account.recovered',
  'tracking.account.spike',
  'tracking.account.milestone',
  'tracking.video.published',
  'tracking.video.outlier',
  'tracking.video.vanished',
  'tracking.webhook.failing',
  'tracking.webhook.disabled',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** The type of a test's delivery, which is no event. */
export const TEST_TYPE = 'webhook.test';

export const DELIVERY_TRIGGERS = ['event', 'test', 'replay'] as const;
export type DeliveryTrigger = (typeof DELIVERY_TRIGGERS)[number];

/** `skipped`: the endpoint was off. */
export const DELIVERY_STATES = ['pending', 'delivered', 'failed', 'skipped'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** The states that a replay may begin from. */
export const REPLAYABLE: readonly DeliveryState[] = ['delivered', 'failed', 'skipped'];

export const DELIVERY_ERRORS = [
  'timeout',
  'dns',
  'connect',
  'tls',
  'network',
  'redirect',
  'blocked',
  'aborted',
  'event_gone',
  'endpoint_gone',
] as const;
export type DeliveryError = (typeof DELIVERY_ERRORS)[number];

/** The reasons for which we switch an endpoint off: 5 days without success, the answer 410, or the receiver's own wish. */
export const OFF_REASONS = ['failing', 'gone', 'receiver'] as const;
export type OffReason = (typeof OFF_REASONS)[number];

export const EMAIL_CADENCES = ['soon', 'daily', 'weekly', 'off'] as const;
export type EmailCadence = (typeof EMAIL_CADENCES)[number];

/** The most endpoints of an organisation. More of them would get no events. */
export const MAX_ENDPOINTS = 20;

/** The longest texts and lists that the rules take. */
export const NEWS_LIMITS = { url: 1_000, description: 200, eventTypes: 30, projectIds: 50, timezone: 64 } as const;

/** The page's own Firebase, and what else these functions need. */
export interface NewsSource {
  firestore: Firestore;
  auth?: Auth;
  /**
   * The base address of `POST /webhooks/secret` and `POST /webhooks/wake`. Without it no secret can be shown, and tests
   * and replays wait for the minute.
   */
  newsUrl?: string;
}

/** A person's settings for the mails about one organisation. */
export interface NotificationSettings {
  email: EmailCadence;
  /** Whether events of accounts and videos come, too. */
  alerts: boolean;
  /** The hour of `daily` and `weekly`, 0 to 23, in `timezone`. */
  hour: number;
  /** A name of the IANA database, such as `Europe/Berlin`. */
  timezone: string;
  /** Empty: all projects. */
  projectIds: string[];
}

/** The last results of the deliveries to an endpoint. */
export interface EndpointHealth {
  /** The time since which each attempt has failed; null while they succeed. */
  failingSince: Date | null;
  /** Failed attempts in a row. */
  failures: number;
  lastStatus: number | null;
  lastError: DeliveryError | null;
  lastAttemptAt: Date | null;
  lastDeliveredAt: Date | null;
  /** The reason for which, and the time when, we switched the endpoint off; null if we did not. */
  offReason: OffReason | null;
  offAt: Date | null;
}

export interface WebhookEndpoint {
  id: string;
  url: string;
  description: string;
  /** Empty: all types. */
  eventTypes: string[];
  /** Empty: all projects. */
  projectIds: string[];
  enabled: boolean;
  secretVersion: number;
  /** The time of the last rotation; null for the first secret. */
  secretRotatedAt: Date | null;
  /** Id of the user who added it. */
  createdBy: string;
  /** Null if the document lacks it. */
  createdAt: Date | null;
  /** Null before the first attempt. */
  health: EndpointHealth | null;
}

export interface DeliveryAttempt {
  at: Date;
  /** The answer's HTTP status. It or `error` is null. */
  status: number | null;
  error: DeliveryError | null;
  /** Milliseconds until the answer, or until the failure. */
  ms: number;
}

export interface WebhookDelivery {
  /** The event's id, which receivers get as `webhook-id`. A test has an id of its own. */
  id: string;
  type: string;
  /** Null for a test. */
  projectId: string | null;
  trigger: DeliveryTrigger;
  state: DeliveryState;
  /** Null if the document lacks it. */
  createdAt: Date | null;
  /** Attempts so far, since the trigger. */
  attempt: number;
  /** Null once it is over. While it is being sent, the end of the sender's lease. */
  nextAttemptAt: Date | null;
  /** The last 12, oldest first. */
  attempts: DeliveryAttempt[];
}

/** The secret that receivers check signatures with. For 24 hours after a rotation, both sign. */
export interface WebhookSecret {
  secret: string;
  previousSecret: string | null;
  previousUntil: Date | null;
}

export interface NewEndpoint {
  url: string;
  description?: string;
  eventTypes?: readonly string[];
  projectIds?: readonly string[];
}

export interface EndpointChanges extends Partial<NewEndpoint> {
  enabled?: boolean;
}
