import { Fragment, useCallback, useEffect, useId, useRef, useState } from 'react';
import { type TrackingJobError, trackingJobError } from '../errors';
import { EMAIL_CADENCES, type EmailCadence, type NotificationSettings } from '../news';
import { Choices, chosenOf, storedOf, useProjectGroups, valuesOf } from './Choices';
import { NewsFrame } from './NewsFrame';
import { NewsIcon } from './NewsIcons';
import { Failure, NewsButton, NewsSkeleton } from './NewsParts';
import { type NewsPageProps, useNewsTools } from './newsContext';
import { useIsMounted } from './useNewsAction';
import { useWatched } from './useWatched';

export type NotificationPreferencesProps = NewsPageProps;

/**
 * The signed-in user's settings for mails about one organisation. Each change is saved at once. Style:
 * `account-tracking/news.css`.
 */
export function NotificationPreferences(props: NotificationPreferencesProps) {
  return (
    // The key forgets what was chosen for another organisation.
    <NewsFrame key={props.orgId} {...props}>
      <Preferences />
    </NewsFrame>
  );
}

function Preferences() {
  const { source, orgId, access, words } = useNewsTools();
  const { labels } = words;
  const titleId = useId();
  const watched = useWatched<NotificationSettings>(
    useCallback(
      (onSettings, onError) => access.watchNotificationSettings(source, orgId, onSettings, onError),
      [access, source, orgId],
    ),
  );
  const saving = useSaving(watched.value);
  const { settings } = saving;
  return (
    <section className="tracking-news__card" aria-labelledby={titleId} aria-busy={!settings && !watched.error}>
      <div className="tracking-news__head">
        <h2 id={titleId}>{labels.mail}</h2>
        <SaveState state={saving.state} />
      </div>
      <p className="tracking-news__quiet">{labels.aboutMail}</p>
      {settings && <Fields settings={settings} onChange={saving.change} />}
      {!settings && !watched.error && <NewsSkeleton rows={6} />}
      {watched.error && (
        <div className="tracking-news__line">
          <Failure of="load" error={watched.error} />
          <NewsButton onClick={watched.tryAgain}>{labels.tryAgain}</NewsButton>
        </div>
      )}
      <div className="tracking-news__line">
        <Failure of="save" error={saving.error} />
        {saving.error && <NewsButton onClick={saving.saveAgain}>{labels.tryAgain}</NewsButton>}
      </div>
    </section>
  );
}

type SavingState = 'idle' | 'saving' | 'saved' | 'failed';

/**
 * Save each change, one after another, the last one last. What was chosen stays in the form until it is saved, whatever
 * arrives meanwhile, and also when it could not be saved.
 */
function useSaving(known: NotificationSettings | undefined) {
  const { source, orgId, access, words, announce } = useNewsTools();
  const [draft, setDraft] = useState<NotificationSettings | null>(null);
  const [state, setState] = useState<SavingState>('idle');
  const [error, setError] = useState<TrackingJobError | null>(null);
  const wanted = useRef<NotificationSettings | null>(null);
  const runs = useRef(false);
  const isMounted = useIsMounted();
  // What arrives after a save is newer than the draft. Without settings there is nobody whose draft it could be.
  useEffect(() => {
    if (known === undefined) {
      wanted.current = null;
      setError(null);
    }
    if (wanted.current === null) {
      setDraft(null);
    }
  }, [known]);

  async function save(): Promise<void> {
    if (runs.current) {
      return; // the run below goes on with what is wanted now
    }
    runs.current = true;
    setState('saving');
    setError(null);
    try {
      for (let next = wanted.current; next !== null; ) {
        await access.saveNotificationSettings(source, orgId, next);
        wanted.current = wanted.current === next ? null : wanted.current;
        next = wanted.current;
      }
      setState('saved');
      if (isMounted()) {
        announce(words.labels.saved);
      }
    } catch (thrown) {
      setError(trackingJobError(thrown));
      setState('failed');
    } finally {
      runs.current = false;
    }
  }

  return {
    settings: draft ?? known,
    state,
    error,
    change: (next: NotificationSettings) => {
      wanted.current = next;
      setDraft(next);
      void save();
    },
    saveAgain: () => void save(),
  };
}

/** The words beside the title. Screen readers hear them from the live region. */
function SaveState({ state }: { state: SavingState }) {
  const { labels } = useNewsTools().words;
  return (
    <span className="tracking-news__saved" aria-hidden="true">
      {state === 'saving' && labels.saving}
      {state === 'saved' && (
        <>
          <NewsIcon mark="good" />
          {labels.saved}
        </>
      )}
    </span>
  );
}

interface FieldsProps {
  settings: NotificationSettings;
  onChange: (settings: NotificationSettings) => void;
}

function Fields({ settings, onChange }: FieldsProps) {
  const { words, projects } = useNewsTools();
  const { labels } = words;
  const name = useId();
  const alertsId = useId();
  const { email, alerts } = settings;
  const isPlanned = isPlannedFor(email);

  function choose(next: EmailCadence): void {
    // UTC is the default, which nobody chose. A plan begins with the zone of the browser.
    const isNew = isPlannedFor(next) && !isPlanned && settings.timezone === 'UTC';
    onChange({ ...settings, email: next, timezone: isNew ? browserZone() : settings.timezone });
  }

  return (
    <>
      <fieldset className="tracking-news__cadences">
        <legend>{labels.howOften}</legend>
        {EMAIL_CADENCES.map((cadence) => (
          <Fragment key={cadence}>
            <label className="tracking-news__option">
              <input type="radio" name={name} checked={email === cadence} onChange={() => choose(cadence)} />
              <span>
                <span className="tracking-news__strong">{labels.cadences[cadence]}</span>
                <span className="tracking-news__quiet">{labels.aboutCadences[cadence]}</span>
              </span>
            </label>
            {isPlanned && email === cadence && <Plan settings={settings} onChange={onChange} />}
          </Fragment>
        ))}
      </fieldset>
      <fieldset className="tracking-news__rest" disabled={email === 'off'}>
        <label className="tracking-news__option">
          <input
            type="checkbox"
            role="switch"
            checked={alerts}
            aria-checked={alerts}
            aria-describedby={alertsId}
            onChange={({ target }) => onChange({ ...settings, alerts: target.checked })}
          />
          <span>
            <span className="tracking-news__strong">{labels.alerts}</span>
            <span className="tracking-news__quiet" id={alertsId}>
              {labels.aboutAlerts}
            </span>
          </span>
        </label>
        {projects.length > 0 && <Projects settings={settings} onChange={onChange} />}
      </fieldset>
    </>
  );
}

function isPlannedFor(cadence: EmailCadence): boolean {
  return cadence === 'daily' || cadence === 'weekly';
}

function Plan({ settings, onChange }: FieldsProps) {
  const { words } = useNewsTools();
  const { labels } = words;
  const own = browserZone();
  const zones = Intl.supportedValuesOf?.('timeZone') ?? [];
  const others = [...new Set([...zones, 'UTC', settings.timezone])].filter((zone) => zone !== own).sort();
  return (
    <div className="tracking-news__pair">
      <label className="tracking-news__field">
        <span>{labels.hour}</span>
        <select value={settings.hour} onChange={({ target }) => onChange({ ...settings, hour: Number(target.value) })}>
          {Array.from({ length: 24 }, (_, hour) => hour).map((hour) => (
            <option key={hour} value={hour}>
              {words.hour(hour)}
            </option>
          ))}
        </select>
      </label>
      <label className="tracking-news__field">
        <span>{labels.timezone}</span>
        <select value={settings.timezone} onChange={({ target }) => onChange({ ...settings, timezone: target.value })}>
          <optgroup label={labels.thisBrowser}>
            <option value={own}>{zoneName(own)}</option>
          </optgroup>
          <optgroup label={labels.allZones}>
            {others.map((zone) => (
              <option key={zone} value={zone}>
                {zoneName(zone)}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
    </div>
  );
}

function browserZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

function zoneName(zone: string): string {
  return zone.replaceAll('_', ' ');
}

/** Which projects. No project at all cannot be saved; `off` is for that. */
function Projects({ settings, onChange }: FieldsProps) {
  const { labels } = useNewsTools().words;
  const [isNone, setIsNone] = useState(false);
  const groups = useProjectGroups(settings.projectIds);
  const all = valuesOf(groups);
  const stored = settings.projectIds.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies(stored): other projects are saved
  useEffect(() => setIsNone(false), [stored]);
  return (
    <Choices
      legend={labels.projects}
      groups={groups}
      chosen={isNone ? [] : chosenOf(settings.projectIds, all)}
      onChosen={(chosen) => {
        setIsNone(chosen.length === 0);
        if (chosen.length > 0) {
          onChange({ ...settings, projectIds: storedOf(chosen, all) });
        }
      }}
      problem={isNone ? labels.oneProject : null}
    />
  );
}
