import type { TrackingJobError } from '../errors';
import type { DeliveryError, DeliveryState, EmailCadence, EventType, OffReason } from '../news';
import type { UrlProblem } from '../webhookUrl';

/** The groups of event types, by the second word of a type. */
export type EventGroup = 'job' | 'account' | 'video' | 'webhook' | 'other';

/** An action that may fail, for the sentence before that of the error. */
export type NewsAttempt =
  | 'load'
  | 'save'
  | 'add'
  | 'remove'
  | 'switchOn'
  | 'switchOff'
  | 'reveal'
  | 'rotate'
  | 'test'
  | 'replay';

/**
 * Every text of the pages of news. A page passes its own as `labels`, all or some; `account-tracking/de` has German
 * ones. Numbers and times come as text, formatted for `locale`.
 */
export interface NewsLabels {
  /** The language of these texts, such as `en` or `pt-BR`. It also formats numbers and times, unless `locale` does. */
  language: string;

  /** The name of a type; a type that is not listed shows itself. */
  types: Readonly<Record<EventType, string>>;
  testType: string;
  groups: Readonly<Record<EventGroup, string>>;

  // Choices
  everything: string;
  projects: string;
  oneProject: string;

  // Settings for mail
  mail: string;
  aboutMail: string;
  howOften: string;
  cadences: Readonly<Record<EmailCadence, string>>;
  aboutCadences: Readonly<Record<EmailCadence, string>>;
  hour: string;
  timezone: string;
  thisBrowser: string;
  allZones: string;
  alerts: string;
  aboutAlerts: string;
  saving: string;
  saved: string;

  // Endpoints
  webhooks: string;
  aboutWebhooks: string;
  noEndpoints: string;
  aboutNoEndpoints: string;
  add: string;
  adding: string;
  newEndpoint: string;
  editEndpoint: string;
  url: string;
  aboutUrl: string;
  /** Says why an address cannot be one; `english` is the sentence of the error. */
  urlProblem(problem: UrlProblem, english: string): string;
  description: string;
  optional: string;
  events: string;
  allEvents: string;
  someEvents(shown: string, count: number): string;
  oneEvent: string;
  allProjects: string;
  someProjects(shown: string, count: number): string;
  save: string;
  close: string;
  cancel: string;
  edit: string;
  allEndpoints: string;
  noSuchEndpoint: string;
  added: string;

  // Health
  delivering: string;
  lastDelivery(time: string): string;
  noDelivery: string;
  failingSince(time: string, last: string): string;
  nextAttempt(time: string): string;
  dueNow: string;
  off: string;
  offBecause: Readonly<Record<OffReason, (day: string) => string>>;
  answered(status: string): string;
  errors: Readonly<Record<DeliveryError, string>>;

  // On, off, away
  switchOn: string;
  switchOff: string;
  switching: string;
  switchedOn: string;
  switchedOff: string;
  remove: string;
  removing: string;
  removeQuestion(url: string): string;
  aboutRemove: string;
  keep: string;
  removed: string;

  // The secret
  secret: string;
  aboutSecret: string;
  /** A link to `instructionsHref`. */
  instructions: string;
  hidden: string;
  showSecret: string;
  showing: string;
  hideSecret: string;
  copy: string;
  copied: string;
  copyFailed: string;
  previousSecret: string;
  previousUntil(time: string): string;
  rotate: string;
  rotating: string;
  rotateQuestion: string;
  aboutRotate: string;
  rotated: string;
  rotateAgainAt(time: string): string;

  // The log
  log: string;
  aboutLog: string;
  state: string;
  allStates: string;
  states: Readonly<Record<DeliveryState, string>>;
  triggers: Readonly<Record<'test' | 'replay', string>>;
  noDeliveries: string;
  noneOfState: string;
  attempts: string;
  noAttempts: string;
  wasOff: string;
  deliveryId: string;
  event: string;
  project: string;
  showMore: string;
  sendTest: string;
  sendingTest: string;
  testSent: string;
  /** The live region, about a test or a replay that has ended. */
  ended(type: string, state: string, last: string): string;
  replay: string;
  /** More words for screen readers, after `Replay`. */
  ofDelivery(type: string, time: string): string;
  replaying: string;
  replayed: string;
  onlyWhileOn: string;
  replayMany: string;
  range: string;
  sinceTrouble(time: string): string;
  ranges: Readonly<Record<'hour' | 'day' | 'week' | 'month', string>>;
  counting: string;
  found(shown: string, count: number): string;
  orMore(shown: string): string;
  replayAll(shown: string, count: number): string;
  replayedAll(shown: string, count: number): string;

  // Connection and errors
  lastKnown: string;
  tryAgain: string;
  managersOnly: string;
  couldNot: Readonly<Record<NewsAttempt, string>>;
  /** The error's sentence; `message` is English. */
  errorSentence(error: TrackingJobError): string;
}

const deliveries = (shown: string, count: number) => `${shown} ${count === 1 ? 'delivery' : 'deliveries'}`;

export const englishNewsLabels: NewsLabels = {
  language: 'en',

  types: {
    'tracking.job.completed': 'Tracking completed',
    'tracking.job.failed': 'Tracking failed',
    'tracking.account.refreshed': 'Account refreshed',
    'tracking.account.renamed': 'Account renamed',
    'tracking.account.unavailable': 'Account unavailable',
    'tracking.account.recovered': 'Account available again',
    'tracking.account.spike': 'Unusual growth',
    'tracking.account.milestone': 'Milestone reached',
    'tracking.video.published': 'Videos published',
    'tracking.video.outlier': 'Outlier videos',
    'tracking.video.vanished': 'Videos vanished',
    'tracking.webhook.failing': 'Endpoint failing',
    'tracking.webhook.disabled': 'Endpoint switched off',
  },
  testType: 'Test',
  groups: { job: 'Tracking', account: 'Accounts', video: 'Videos', webhook: 'Webhooks', other: 'Other' },

  everything: 'All',
  projects: 'Projects',
  oneProject: 'Choose at least one project.',

  mail: 'Mail',
  aboutMail: 'Mails to you about this organisation.',
  howOften: 'How often',
  cadences: { soon: 'As it happens', daily: 'Daily', weekly: 'Weekly', off: 'Off' },
  aboutCadences: {
    soon: 'One mail, once your accounts are ready or ten minutes have passed.',
    daily: 'One mail a day, if there is something to tell.',
    weekly: 'One mail each Monday.',
    off: 'No mails.',
  },
  hour: 'At',
  timezone: 'Time zone',
  thisBrowser: 'This browser',
  allZones: 'All time zones',
  alerts: 'Also alert me about accounts',
  aboutAlerts: 'What happens to accounts and their videos: growth, milestones, outliers, lost accounts.',
  saving: 'Saving…',
  saved: 'Saved',

  webhooks: 'Webhooks',
  aboutWebhooks: 'We send each event to your own server, signed, and try again for three days.',
  noEndpoints: 'No endpoints yet',
  aboutNoEndpoints:
    'Add the address of your server, and it gets an event whenever tracking ends or an account changes.',
  add: 'Add endpoint',
  adding: 'Adding…',
  newEndpoint: 'New endpoint',
  editEndpoint: 'Edit endpoint',
  url: 'Address',
  aboutUrl: 'It begins with https:// and is reachable from the internet.',
  urlProblem: (_, english) => english,
  description: 'Description',
  optional: 'optional',
  events: 'Events',
  allEvents: 'All events',
  someEvents: (shown, count) => `${shown} ${count === 1 ? 'kind' : 'kinds'} of events`,
  oneEvent: 'Choose at least one event.',
  allProjects: 'All projects',
  someProjects: (shown, count) => `${shown} ${count === 1 ? 'project' : 'projects'}`,
  save: 'Save',
  close: 'Close',
  cancel: 'Cancel',
  edit: 'Edit',
  allEndpoints: 'All endpoints',
  noSuchEndpoint: 'This endpoint does not exist any more.',
  added: 'The endpoint is added.',

  delivering: 'Delivering',
  lastDelivery: (time) => `Last delivery ${time}`,
  noDelivery: 'No delivery yet',
  failingSince: (time, last) => `Failing since ${time}: ${last}`,
  nextAttempt: (time) => `Next attempt at ${time}`,
  dueNow: 'Next attempt now',
  off: 'Off',
  offBecause: {
    failing: (day) => `Off since ${day}: 5 days without success`,
    gone: (day) => `Off since ${day}: the receiver answered 410 Gone`,
    receiver: (day) => `Off since ${day}: the receiver asked for it`,
  },
  answered: (status) => `answered ${status}`,
  errors: {
    timeout: 'no answer in time',
    dns: 'the host name was not found',
    connect: 'no connection',
    tls: 'no secure connection',
    network: 'the connection broke',
    redirect: 'a redirect, which is not followed',
    blocked: 'a forbidden address',
    aborted: 'the receiver wants no more attempts',
    event_gone: 'the event is too old',
    endpoint_gone: 'the endpoint was removed',
  },

  switchOn: 'Switch on',
  switchOff: 'Switch off',
  switching: 'Switching…',
  switchedOn: 'The endpoint is on.',
  switchedOff: 'The endpoint is off.',
  remove: 'Remove',
  removing: 'Removing…',
  removeQuestion: (url) => `Remove ${url}?`,
  aboutRemove: 'Nothing more is sent to it. Its log can no longer be read, and its secret is gone for good.',
  keep: 'Keep it',
  removed: 'The endpoint is removed.',

  secret: 'Signing secret',
  aboutSecret: 'Your server checks with it that a request comes from us.',
  instructions: 'How to verify a request',
  hidden: 'Hidden',
  showSecret: 'Show secret',
  showing: 'Loading…',
  hideSecret: 'Hide secret',
  copy: 'Copy',
  copied: 'Copied',
  copyFailed: 'The browser refused to copy. Select the text and copy it yourself.',
  previousSecret: 'Previous secret',
  previousUntil: (time) => `Both secrets sign until ${time}.`,
  rotate: 'Rotate secret',
  rotating: 'Rotating…',
  rotateQuestion: 'Make a new secret?',
  aboutRotate:
    'For 24 hours each request carries the signatures of both the new and the old secret. Give your server the new one in this time; then the old one ends.',
  rotated: 'There is a new secret. Both sign for 24 hours.',
  rotateAgainAt: (time) => `The secret was rotated less than a day ago. It can be rotated again at ${time}.`,

  log: 'Deliveries',
  aboutLog: 'Kept for 30 days.',
  state: 'State',
  allStates: 'All',
  states: { pending: 'Waiting', delivered: 'Delivered', failed: 'Failed', skipped: 'Skipped' },
  triggers: { test: 'Test', replay: 'Replay' },
  noDeliveries: 'No deliveries yet. Send a test, and see here what your server answers.',
  noneOfState: 'No delivery has this state.',
  attempts: 'Attempts',
  noAttempts: 'Not sent yet.',
  wasOff: 'Not sent: the endpoint was off.',
  deliveryId: 'Id',
  event: 'Event',
  project: 'Project',
  showMore: 'Show more',
  sendTest: 'Send test',
  sendingTest: 'Sending…',
  testSent: 'The test is on its way.',
  ended: (type, state, last) => `${type}: ${state}${last && `, ${last}`}.`,
  replay: 'Replay',
  ofDelivery: (type, time) => ` ${type}, ${time}`,
  replaying: 'Replaying…',
  replayed: 'It is sent again.',
  onlyWhileOn: 'Switch the endpoint on to replay deliveries.',
  replayMany: 'Replay failed…',
  range: 'Failed and skipped deliveries of',
  sinceTrouble: (time) => `the trouble since ${time}`,
  ranges: { hour: 'the last hour', day: 'the last 24 hours', week: 'the last 7 days', month: 'the last 30 days' },
  counting: 'Counting…',
  found: (shown, count) =>
    count === 0 ? 'Nothing failed or was skipped in this time.' : `${deliveries(shown, count)} failed or skipped.`,
  orMore: (shown) => `${shown} or more`,
  replayAll: (shown, count) => `Replay ${deliveries(shown, count)}`,
  replayedAll: (shown, count) => `${deliveries(shown, count)} ${count === 1 ? 'is' : 'are'} sent again.`,

  lastKnown: 'Not connected. This is the last known state.',
  tryAgain: 'Try again',
  managersOnly: 'Only owners and admins of the organisation see its webhooks.',
  couldNot: {
    load: 'Could not load this.',
    save: 'Could not save.',
    add: 'Could not add the endpoint.',
    remove: 'Could not remove the endpoint.',
    switchOn: 'Could not switch the endpoint on.',
    switchOff: 'Could not switch the endpoint off.',
    reveal: 'Could not show the secret.',
    rotate: 'Could not rotate the secret.',
    test: 'Could not send a test.',
    replay: 'Could not replay.',
  },
  errorSentence: ({ message }) => message,
};
