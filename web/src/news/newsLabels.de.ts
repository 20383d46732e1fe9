import { germanLabels } from '../panel/de';
import type { UrlProblem } from '../webhookUrl';
import type { NewsLabels } from './newsLabels';

const deliveries = (shown: string, count: number) => `${shown} ${count === 1 ? 'Zustellung' : 'Zustellungen'}`;

/** Fields that a person fills in have sentences of their own. */
const INVALID: Readonly<Partial<Record<string, string>>> = {
  description: 'Die Beschreibung ist zu lang.',
  eventTypes: 'Diese Auswahl von Ereignissen geht nicht.',
  projectIds: 'Diese Auswahl von Projekten geht nicht. Es sind höchstens 50.',
};

const URL_PROBLEMS: Readonly<Record<UrlProblem, string>> = {
  empty: 'Geben Sie die Adresse Ihres Endpunkts ein.',
  'not-a-link': 'Das ist keine Webadresse. Ein Beispiel ist https://example.com/webhooks.',
  'not-https': 'Die Adresse muss mit https:// beginnen.',
  password: 'Die Adresse darf keinen Benutzernamen und kein Passwort enthalten.',
  port: 'Die Adresse darf keinen Port nennen: Webhooks gehen an Port 443.',
  'not-a-name': 'Die Adresse muss einen öffentlichen Rechner nennen, wie example.com. Zahlen gehen nicht.',
  'too-long': 'Die Adresse ist länger als 1.000 Zeichen.',
};

export const germanNewsLabels: NewsLabels = {
  language: 'de',

  types: {
    'tracking.job.completed': 'Abruf fertig',
    'tracking.job.failed': 'Abruf fehlgeschlagen',
    'tracking.account.refreshed': 'Konto aktualisiert',
    'tracking.account.renamed': 'Konto umbenannt',
    'tracking.account.unavailable': 'Konto nicht verfügbar',
    'tracking.account.recovered': 'Konto wieder da',
    'tracking.account.spike': 'Ungewöhnliches Wachstum',
    'tracking.account.milestone': 'Meilenstein erreicht',
    'tracking.video.published': 'Neue Videos',
    'tracking.video.outlier': 'Videos mit Ausreißern',
    'tracking.video.vanished': 'Videos verschwunden',
    'tracking.webhook.failing': 'Endpunkt scheitert',
    'tracking.webhook.disabled': 'Endpunkt ausgeschaltet',
  },
  testType: 'Test',
  groups: { job: 'Abrufe', account: 'Konten', video: 'Videos', webhook: 'Webhooks', other: 'Andere' },

  everything: 'Alle',
  projects: 'Projekte',
  oneProject: 'Wählen Sie mindestens ein Projekt.',

  mail: 'E-Mail',
  aboutMail: 'E-Mails an Sie über diese Organisation.',
  howOften: 'Wie oft',
  cadences: { soon: 'Sobald etwas geschieht', daily: 'Täglich', weekly: 'Wöchentlich', off: 'Aus' },
  aboutCadences: {
    soon: 'Eine E-Mail, sobald Ihre Konten fertig sind oder zehn Minuten vergangen sind.',
    daily: 'Eine E-Mail am Tag, wenn es etwas gibt.',
    weekly: 'Eine E-Mail jeden Montag.',
    off: 'Keine E-Mails.',
  },
  hour: 'Um',
  timezone: 'Zeitzone',
  thisBrowser: 'Dieser Browser',
  allZones: 'Alle Zeitzonen',
  alerts: 'Auch Hinweise zu Konten',
  aboutAlerts: 'Was mit Konten und ihren Videos geschieht: Wachstum, Meilensteine, Ausreißer, verlorene Konten.',
  saving: 'Wird gespeichert…',
  saved: 'Gespeichert',

  webhooks: 'Webhooks',
  aboutWebhooks: 'Wir senden jedes Ereignis signiert an Ihren Server und versuchen es drei Tage lang.',
  noEndpoints: 'Noch keine Endpunkte',
  aboutNoEndpoints:
    'Tragen Sie die Adresse Ihres Servers ein. Er bekommt ein Ereignis, wenn ein Abruf endet oder ein Konto sich ändert.',
  add: 'Endpunkt hinzufügen',
  adding: 'Wird hinzugefügt…',
  newEndpoint: 'Neuer Endpunkt',
  editEndpoint: 'Endpunkt ändern',
  url: 'Adresse',
  aboutUrl: 'Sie beginnt mit https:// und ist aus dem Internet erreichbar.',
  urlProblem: (problem) => URL_PROBLEMS[problem],
  description: 'Beschreibung',
  optional: 'freiwillig',
  events: 'Ereignisse',
  allEvents: 'Alle Ereignisse',
  someEvents: (shown, count) => `${shown} ${count === 1 ? 'Art' : 'Arten'} von Ereignissen`,
  oneEvent: 'Wählen Sie mindestens ein Ereignis.',
  allProjects: 'Alle Projekte',
  someProjects: (shown, count) => `${shown} ${count === 1 ? 'Projekt' : 'Projekte'}`,
  save: 'Speichern',
  close: 'Schließen',
  cancel: 'Abbrechen',
  edit: 'Ändern',
  allEndpoints: 'Alle Endpunkte',
  noSuchEndpoint: 'Diesen Endpunkt gibt es nicht mehr.',
  added: 'Der Endpunkt ist hinzugefügt.',

  delivering: 'Stellt zu',
  lastDelivery: (time) => `Letzte Zustellung ${time}`,
  noDelivery: 'Noch keine Zustellung',
  failingSince: (time, last) => `Scheitert seit ${time}: ${last}`,
  nextAttempt: (time) => `Nächster Versuch: ${time}`,
  dueNow: 'Nächster Versuch: jetzt',
  off: 'Aus',
  offBecause: {
    failing: (day) => `Aus seit ${day}: 5 Tage ohne Erfolg`,
    gone: (day) => `Aus seit ${day}: Der Empfänger antwortete 410 Gone`,
    receiver: (day) => `Aus seit ${day}: Der Empfänger wollte es so`,
  },
  answered: (status) => `Antwort ${status}`,
  errors: {
    timeout: 'keine Antwort in der Zeit',
    dns: 'der Rechnername wurde nicht gefunden',
    connect: 'keine Verbindung',
    tls: 'keine sichere Verbindung',
    network: 'die Verbindung brach ab',
    redirect: 'eine Weiterleitung, der wir nicht folgen',
    blocked: 'eine verbotene Adresse',
    aborted: 'der Empfänger will keine weiteren Versuche',
    event_gone: 'das Ereignis ist zu alt',
    endpoint_gone: 'der Endpunkt wurde entfernt',
  },

  switchOn: 'Einschalten',
  switchOff: 'Ausschalten',
  switching: 'Wird umgeschaltet…',
  switchedOn: 'Der Endpunkt ist an.',
  switchedOff: 'Der Endpunkt ist aus.',
  remove: 'Entfernen',
  removing: 'Wird entfernt…',
  removeQuestion: (url) => `${url} entfernen?`,
  aboutRemove:
    'Es wird nichts mehr dorthin gesendet. Das Protokoll ist nicht mehr lesbar, und der Schlüssel ist endgültig weg.',
  keep: 'Behalten',
  removed: 'Der Endpunkt ist entfernt.',

  secret: 'Schlüssel für Signaturen',
  aboutSecret: 'Damit prüft Ihr Server, ob eine Anfrage von uns kommt.',
  instructions: 'So wird eine Anfrage geprüft',
  hidden: 'Verborgen',
  showSecret: 'Schlüssel zeigen',
  showing: 'Wird geladen…',
  hideSecret: 'Schlüssel verbergen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  copyFailed: 'Der Browser kann hier nicht kopieren. Markieren Sie den Text und kopieren Sie ihn selbst.',
  previousSecret: 'Bisheriger Schlüssel',
  previousUntil: (time) => `Beide Schlüssel signieren bis ${time}.`,
  rotate: 'Schlüssel wechseln',
  rotating: 'Wird gewechselt…',
  rotateQuestion: 'Einen neuen Schlüssel erzeugen?',
  aboutRotate:
    '24 Stunden lang trägt jede Anfrage die Signaturen beider Schlüssel. Geben Sie Ihrem Server in dieser Zeit den neuen; danach endet der alte.',
  rotated: 'Es gibt einen neuen Schlüssel. Beide signieren 24 Stunden lang.',
  rotateAgainAt: (time) => `Der Schlüssel wurde vor weniger als einem Tag gewechselt. Das geht wieder: ${time}.`,

  log: 'Zustellungen',
  aboutLog: '30 Tage lang aufbewahrt.',
  state: 'Zustand',
  allStates: 'Alle',
  states: { pending: 'Wartet', delivered: 'Zugestellt', failed: 'Gescheitert', skipped: 'Übersprungen' },
  triggers: { test: 'Test', replay: 'Wiederholung' },
  noDeliveries: 'Noch keine Zustellungen. Senden Sie einen Test: Hier steht dann, was Ihr Server antwortet.',
  noneOfState: 'Keine Zustellung hat diesen Zustand.',
  attempts: 'Versuche',
  noAttempts: 'Noch nicht gesendet.',
  wasOff: 'Nicht gesendet: Der Endpunkt war aus.',
  deliveryId: 'Kennung',
  event: 'Ereignis',
  project: 'Projekt',
  showMore: 'Mehr zeigen',
  sendTest: 'Test senden',
  sendingTest: 'Wird gesendet…',
  testSent: 'Der Test ist unterwegs.',
  ended: (type, state, last) => `${type}: ${state}${last && `, ${last}`}.`,
  replay: 'Wiederholen',
  ofDelivery: (type, time) => ` (${type}, ${time})`,
  replaying: 'Wird wiederholt…',
  replayed: 'Es wird noch einmal gesendet.',
  onlyWhileOn: 'Schalten Sie den Endpunkt ein, um Zustellungen zu wiederholen.',
  replayMany: 'Gescheiterte wiederholen…',
  range: 'Gescheiterte und übersprungene Zustellungen',
  sinceTrouble: (time) => `der Störung seit ${time}`,
  ranges: {
    hour: 'der letzten Stunde',
    day: 'der letzten 24 Stunden',
    week: 'der letzten 7 Tage',
    month: 'der letzten 30 Tage',
  },
  counting: 'Wird gezählt…',
  found: (shown, count) =>
    count === 0
      ? 'In dieser Zeit ist nichts gescheitert und nichts übersprungen.'
      : `${deliveries(shown, count)} gescheitert oder übersprungen.`,
  orMore: (shown) => `${shown} oder mehr`,
  replayAll: (shown, count) => `${deliveries(shown, count)} wiederholen`,
  replayedAll: (shown, count) => `${deliveries(shown, count)} ${count === 1 ? 'wird' : 'werden'} wiederholt.`,

  lastKnown: 'Nicht verbunden. Das ist der letzte bekannte Stand.',
  tryAgain: 'Noch einmal versuchen',
  managersOnly: 'Nur Inhaber und Administratoren der Organisation sehen ihre Webhooks.',
  couldNot: {
    load: 'Das konnte nicht geladen werden.',
    save: 'Speichern war nicht möglich.',
    add: 'Hinzufügen war nicht möglich.',
    remove: 'Entfernen war nicht möglich.',
    switchOn: 'Einschalten war nicht möglich.',
    switchOff: 'Ausschalten war nicht möglich.',
    reveal: 'Der Schlüssel konnte nicht gezeigt werden.',
    rotate: 'Der Schlüssel konnte nicht gewechselt werden.',
    test: 'Der Test konnte nicht gesendet werden.',
    replay: 'Wiederholen war nicht möglich.',
  },
  errorSentence(error) {
    switch (error.code) {
      case 'invalid-input':
        return INVALID[error.field ?? ''] ?? germanLabels.errorSentence(error);
      case 'illegal-change':
        return error.status === 'off' ? 'Der Endpunkt ist aus.' : 'Diese Zustellung ist noch nicht vorbei.';
      case 'too-early':
        return 'Der Schlüssel wurde vor weniger als einem Tag gewechselt.';
      default:
        return germanLabels.errorSentence(error);
    }
  },
};
