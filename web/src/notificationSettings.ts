/** The signed-in person's own settings for mails, one document for each organisation. Members read and write them. */

import type { Auth } from 'firebase/auth';
import { type DocumentData, type DocumentSnapshot, doc, serverTimestamp } from 'firebase/firestore';
import { count, moment, oneOf, text, texts } from './accountDocuments';
import { invalidInput, TrackingJobError } from './errors';
import { checkChoice, checkId, checkIds, checkSwitch } from './inputChecks';
import { EMAIL_CADENCES, NEWS_LIMITS, type NewsSource, type NotificationSettings } from './news';
import { logError, type OnError, type Unsubscribe } from './retryingListener';
import { signedInUser } from './signIn';
import { transact } from './transactions';
import { watchDocument } from './watchDocument';

/** The settings of a person without a document. */
export const DEFAULT_SETTINGS: Readonly<NotificationSettings> = {
  email: 'soon',
  alerts: false,
  hour: 8,
  timezone: 'UTC',
  projectIds: [],
};

const SEEN_EVERY_MS = 5 * 60_000;
const LAST_HOUR = 23;
const TIMEZONE = /^[A-Za-z][A-Za-z\d_+/-]*$/;

/**
 * Watch the settings of whoever is signed in: now, after each change, and after each sign-in. `onError` gets
 * `not-signed-in` while nobody is. Throws a TrackingJobError `invalid-input` for a wrong id, and `not-set-up` without
 * `auth`. After a failure, passed to `onError`, it tries again by itself.
 */
export function watchNotificationSettings(
  { firestore, auth }: NewsSource,
  orgId: string,
  onSettings: (settings: NotificationSettings) => void,
  onError: OnError = logError,
): Unsubscribe {
  settingsPath(orgId, 'somebody');
  if (!auth) {
    throw new TrackingJobError('not-set-up');
  }
  let uid: string | undefined;
  let stop: Unsubscribe | undefined;
  const stopAuthListener = auth.onAuthStateChanged((user) => {
    if (stop !== undefined && user?.uid === uid) {
      return;
    }
    stop?.();
    stop = undefined;
    uid = user?.uid;
    if (uid === undefined) {
      onError(new TrackingJobError('not-signed-in'));
      return;
    }
    const show = (settings: NotificationSettings | null) => onSettings(settings ?? readSettings());
    stop = watchDocument(doc(firestore, settingsPath(orgId, uid)), readSettings, show, onError);
  });
  return () => {
    stopAuthListener();
    stop?.();
  };
}

/** Save all settings of whoever is signed in. Rejects with `invalid-input` that names the first wrong field. */
export async function saveNotificationSettings(
  source: NewsSource,
  orgId: string,
  settings: NotificationSettings,
): Promise<void> {
  const checked = checkedSettings(settings);
  await changeSettings(source, orgId, await userOf(source.auth, orgId), ({ lastSeenAt = null }) => ({
    ...checked,
    lastSeenAt,
  }));
}

/** Firestore -> `orgId/uid` -> when this page last noted it, in ms. */
const noted = new WeakMap<object, Map<string, number>>();

/**
 * Note that the signed-in person sees the organisation's jobs now. Whoever sees them gets no mail at once about them.
 * Call it as often as you like: it writes at most once in 5 minutes, and not while the page is hidden. Best effort: it
 * never rejects.
 */
export async function noteSeen(source: NewsSource, orgId: string): Promise<void> {
  if (globalThis.document?.visibilityState === 'hidden') {
    return;
  }
  try {
    const uid = await userOf(source.auth, orgId);
    const times = noted.get(source.firestore) ?? new Map<string, number>();
    noted.set(source.firestore, times);
    const key = `${orgId}/${uid}`;
    const now = Date.now();
    if (now - (times.get(key) ?? 0) < SEEN_EVERY_MS) {
      return;
    }
    times.set(key, now);
    await changeSettings(source, orgId, uid, (data) => {
      // Another tab may have noted it. A time that is far ahead shows that this clock is slow.
      const sinceMs = now - (moment(data.lastSeenAt)?.getTime() ?? 0);
      return Math.abs(sinceMs) < SEEN_EVERY_MS ? null : { ...settingsOf(data), lastSeenAt: serverTimestamp() };
    });
  } catch {
    // Then a mail may come about what the person has seen.
  }
}

export function readSettings(snapshot?: DocumentSnapshot): NotificationSettings {
  return settingsOf(snapshot?.data() ?? {});
}

/** Read the settings. A missing or odd field gets its default, so that one bad field does not break the form. */
function settingsOf(data: DocumentData): NotificationSettings {
  const hour = count(data.hour);
  return {
    email: oneOf(EMAIL_CADENCES, data.email) ?? DEFAULT_SETTINGS.email,
    alerts: data.alerts === true,
    hour: hour !== null && Number.isInteger(hour) && hour <= LAST_HOUR ? hour : DEFAULT_SETTINGS.hour,
    timezone: text(data.timezone) || DEFAULT_SETTINGS.timezone,
    projectIds: texts(data.projectIds),
  };
}

function settingsPath(orgId: string, uid: string): string {
  checkId('orgId', orgId);
  return `organizations/${orgId}/notificationSettings/${uid}`;
}

async function userOf(auth: Auth | undefined, orgId: string): Promise<string> {
  checkId('orgId', orgId);
  return (await signedInUser(auth)).uid;
}

/** Write the fields that `change` makes of the document's data; null for none. All of them: the rules demand it. */
async function changeSettings(
  { firestore }: NewsSource,
  orgId: string,
  uid: string,
  change: (data: DocumentData) => DocumentData | null,
): Promise<void> {
  const ref = doc(firestore, settingsPath(orgId, uid));
  await transact(firestore, async (transaction) => {
    const fields = change((await transaction.get(ref)).data() ?? {});
    if (fields) {
      transaction.set(ref, { ...fields, updatedAt: serverTimestamp() });
    }
  });
}

function checkedSettings({ email, alerts, hour, timezone, projectIds }: NotificationSettings): NotificationSettings {
  checkChoice('email', email, EMAIL_CADENCES);
  checkSwitch('alerts', alerts);
  if (!(Number.isInteger(hour) && hour >= 0 && hour <= LAST_HOUR)) {
    throw invalidInput('hour', `The hour must be a whole number from 0 to ${LAST_HOUR}.`);
  }
  const known = knownTimezone(timezone);
  if (known === null) {
    throw invalidInput('timezone', 'The timezone must be a name such as Europe/Berlin.');
  }
  const projects = checkIds('projectIds', projectIds, NEWS_LIMITS.projectIds);
  return { email, alerts, hour, timezone: known, projectIds: projects };
}

/**
 * Return the time zone's name; null if the browser does not know it. The functions tell capitals apart, and browsers do
 * not. Newer browsers also know offsets such as `+01:00`, which are no names.
 */
function knownTimezone(name: unknown): string | null {
  if (typeof name !== 'string' || name.length > NEWS_LIMITS.timezone || !TIMEZONE.test(name)) {
    return null;
  }
  try {
    const { timeZone } = Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone.toLowerCase() === name.toLowerCase() ? timeZone : name; // else it is another name of that zone
  } catch {
    return null;
  }
}
