/** German for the panel, and for pages that show sentences of jobs by themselves: the entry `account-tracking/de`. */

import type { TrackingJobErrorCode } from '../errors';
import { germanSentences } from '../sentences.de';
import type { Labels } from './labels';

export { germanSentences };

const STATUSES: Labels['statuses'] = {
  pending: 'Wartet',
  processing: 'Läuft',
  completed: 'Fertig',
  failed: 'Fehlgeschlagen',
  cancelled: 'Abgebrochen',
};

const COUNTED: Labels['statuses'] = {
  pending: 'wartend',
  processing: 'laufend',
  completed: 'fertig',
  failed: 'fehlgeschlagen',
  cancelled: 'abgebrochen',
};

/** The sentence of every error; the error itself has an English one. */
const ERRORS: Readonly<Record<TrackingJobErrorCode, string>> = {
  'invalid-input': 'Die Eingabe ist nicht gültig.',
  'job-not-found': 'Diesen Auftrag gibt es nicht mehr.',
  'unreadable-job': 'Dieser Auftrag kann nicht angezeigt werden. Laden Sie die Seite neu.',
  'already-tracked': 'Dieses Konto wird schon abgerufen.',
  'illegal-change': 'Dieser Auftrag lässt sich gerade nicht ändern.',
  'account-not-found': 'Dieses Konto gibt es nicht mehr.',
  'endpoint-not-found': 'Diesen Endpunkt gibt es nicht mehr.',
  'delivery-not-found': 'Diese Zustellung gibt es nicht mehr.',
  'too-early': 'Dieses Konto wurde gerade erst aktualisiert. Versuchen Sie es später noch einmal.',
  'not-signed-in': 'Sie sind nicht angemeldet. Melden Sie sich an und versuchen Sie es noch einmal.',
  'not-allowed': 'Sie dürfen das nicht. Ein Inhaber der Organisation kann das ändern.',
  offline: 'Sie sind offline. Versuchen Sie es noch einmal, sobald Sie verbunden sind.',
  unavailable: 'Der Dienst ist gerade nicht erreichbar. Versuchen Sie es gleich noch einmal.',
  busy: 'Der Dienst ist gerade ausgelastet. Versuchen Sie es gleich noch einmal.',
  'not-set-up': 'Diese Seite ist nicht richtig eingerichtet.',
  unexpected: 'Bei uns ist etwas schiefgegangen. Versuchen Sie es später noch einmal.',
};

export const germanLabels: Labels = {
  language: 'de',
  title: 'Kontenabruf',
  jobs: 'Aufträge',
  statuses: STATUSES,
  count: (status, shown) => `${shown} ${COUNTED[status]}`,
  stages: {
    lookingUp: 'Konto suchen',
    savingAccount: 'Konto speichern',
    fetchingVideos: 'Videos abrufen',
    savingVideos: 'Videos speichern',
    finishing: 'Abschluss',
  },
  onHold: 'Angehalten',
  pausedUntil: (time) => `Pause bis ${time}`,
  paused: {
    RateLimitedError: (platform, time) => `${platform} bremst uns gerade. Es geht um ${time} weiter.`,
    QuotaExceededError: (platform, time) => `Das Tageslimit von ${platform} ist erreicht. Es geht um ${time} weiter.`,
    CredentialsError: (platform, time) =>
      `Unser Zugang zu ${platform} funktioniert gerade nicht. Der nächste Versuch ist um ${time}.`,
    operator: (platform, time) => `${platform} ist angehalten. Es geht um ${time} weiter.`,
  },
  earlier: (shown, count) => `${shown} ${count === 1 ? 'früherer' : 'frühere'}`,
  earlierOn: (shown, count, platform) =>
    `Auch ${shown} ${count === 1 ? 'früherer Auftrag dieses Projekts wartet' : 'frühere Aufträge dieses Projekts warten'} auf ${platform}.`,
  reasons: {
    InvalidJobError: 'Name ungültig',
    AccountNotFoundError: 'Nicht gefunden',
    AccountPrivateError: 'Privat',
    AccountSuspendedError: 'Gesperrt',
    IdentityChangedError: 'Name vergeben',
    AllowanceSpentError: 'Budget verbraucht',
    CredentialsError: 'Kein Zugang',
    QuotaExceededError: 'Limit erreicht',
    ContractError: 'Falsche Antwort',
    PlatformUnavailableError: 'Keine Antwort',
    RateLimitedError: 'Überlastet',
    StoreUnavailableError: 'Nicht gespeichert',
    OvertakenError: 'Nicht gespeichert',
    TimedOut: 'Zu langsam',
    InternalError: 'Unser Fehler',
    ExecutionAborted: 'Gestoppt',
  },
  accountOn: (name, platform) => `${name} auf ${platform}`,
  noUsername: 'Kein Name',
  failed: 'Der Abruf dieses Kontos ist fehlgeschlagen.',
  stoppedAt: (status, percent) => `${status} bei ${percent}`,
  allJobs: 'Alle Aufträge',
  left: (time) => `noch ~${time}`,
  aboutLeft: (time) => `Noch etwa ${time}.`,
  slow: 'Dauert länger als üblich.',

  sentences: germanSentences,
  nothingRuns: 'Gerade läuft nichts.',
  history: 'Verlauf',
  search: 'Nach Namen suchen',
  status: 'Status',
  platform: 'Plattform',
  all: 'Alle',
  nothingFound: 'Kein Auftrag passt dazu.',
  newestOnly: (shown) => `Die neuesten ${shown} Aufträge`,

  cancel: 'Abbrechen',
  cancelling: 'Wird abgebrochen…',
  retry: 'Wiederholen',
  retrying: 'Wird wiederholt…',
  retryAll: 'Alle wiederholen',
  editName: 'Name ändern',
  remove: 'Entfernen',
  clear: 'Leeren',
  openAccount: 'Öffnen',
  dismiss: 'Ausblenden',
  tryAgain: 'Noch einmal versuchen',
  trying: 'Versuch läuft…',
  notify: 'Am Ende benachrichtigen',
  notifyBlocked: 'Dieser Browser lässt keine Benachrichtigungen dieser Seite zu.',
  ofAccount: (account) => ` (${account})`,
  ofFailed: ' (fehlgeschlagene Aufträge)',

  newName: (account) => `Neuer Name für ${account}`,
  track: 'Abrufen',
  tracking: 'Wird angelegt…',
  back: 'Zurück',

  moments: {
    created: 'Angelegt',
    started: 'Begonnen',
    accountFetched: 'Konto gefunden',
    accountSaved: 'Konto gespeichert',
    videosFetched: 'Videos abgerufen',
    ended: 'Beendet',
  },
  attempts: 'Anläufe',
  retries: 'Automatische Wiederholungen',
  addedBy: 'Angelegt von',
  cost: 'Kosten',
  spent: {
    units: (amount) => `${amount} Kontingent-Einheiten`,
    posts: (amount) => `${amount} Beiträge`,
    users: (amount) => `${amount} Nutzer`,
    media: (amount) => `${amount} Medien`,
    runs: (amount) => `${amount} Läufe`,
    results: (amount) => `${amount} Ergebnisse`,
  },

  offline: 'Offline. Das ist der letzte bekannte Stand.',
  reconnecting: 'Verbindung wird wiederhergestellt…',
  connected: 'Wieder verbunden.',
  couldNot: {
    load: 'Die Aufträge konnten nicht geladen werden.',
    cancel: 'Abbrechen war nicht möglich.',
    retry: 'Wiederholen war nicht möglich.',
    create: 'Dieser Name konnte nicht abgerufen werden.',
  },
  errorSentence: ({ code }) => ERRORS[code],
  changed: (status, account, reason) => `${status}: ${account}.${reason && ` ${reason}`}`,
  moreChanged: (shown, count) =>
    count === 1 ? 'Ein weiterer Auftrag hat sich geändert.' : `${shown} weitere Aufträge haben sich geändert.`,
  notAllRetried: (shown, count) =>
    count === 1 ? 'Ein Auftrag konnte nicht wiederholt werden.' : `${shown} Aufträge konnten nicht wiederholt werden.`,
};
