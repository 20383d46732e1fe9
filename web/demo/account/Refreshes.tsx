import { useState } from 'react';
import { CADENCES, type Cadence, type TrackedAccount } from '../../src/account';
import { ago } from '../format';
import { Action, useAction } from './Action';
import { CADENCE_LABELS, cadenceWords, DEFAULT_LABEL, nextRefresh, whenAsked, whyNotNow } from './refreshWords';
import { useMinute } from './useMinute';

interface RefreshesProps {
  account: TrackedAccount;
  /** Refreshes wait for a budget until then. */
  waitsUntil: Date | null;
  isSyncing: boolean;
  onCadence: (cadence: Cadence) => Promise<void>;
  onSync: () => Promise<void>;
}

/** Choose how often the account is refreshed, and see when it was and will be. */
export function Refreshes({ account, waitsUntil, isSyncing, onCadence, onSync }: RefreshesProps) {
  const [chosen, setChosen] = useState<Cadence | null>(null);
  const { isBusy, problem, start } = useAction(onCadence);
  const now = useMinute();

  async function choose(cadence: Cadence): Promise<void> {
    setChosen(cadence);
    await start(cadence);
    setChosen(null); // from now on the account says what holds
  }

  const shown = chosen ?? account.refreshCadence;
  return (
    <section className="card acc-card" aria-labelledby="acc-refreshes">
      <div className="acc-card-head">
        <h3 id="acc-refreshes">Refreshes</h3>
      </div>
      <label className="acc-field">
        <span>How often</span>
        <select
          value={shown ?? ''}
          aria-describedby="acc-cadence"
          disabled={isBusy}
          onChange={({ target }) => void choose(target.value as Cadence)}
        >
          {/* A choice cannot be taken back to none: the setting of the deployment is only there until somebody chooses. */}
          {shown === null && <option value="">{DEFAULT_LABEL}</option>}
          {CADENCES.map((cadence) => (
            <option key={cadence} value={cadence}>
              {CADENCE_LABELS[cadence]}
            </option>
          ))}
        </select>
      </label>
      <p id="acc-cadence" className="detail">
        {isBusy ? 'Saving…' : cadenceWords(account)}
      </p>
      <p className="problem" role="alert">
        {problem}
      </p>
      <p>{nextRefresh(account, now, waitsUntil)}</p>
      <p>{account.lastSyncedAt ? `Last refresh ${ago(account.lastSyncedAt, now, 'long')}.` : 'Not refreshed yet.'}</p>
      {account.platform && account.accountType && (
        <div className="acc-sync">
          <Action label="Fetch all posts" doing="Fetching…" isDoing={isSyncing} act={onSync} />
          <p className="detail">Tracks the account anew with a job, which fetches all of its posts.</p>
        </div>
      )}
    </section>
  );
}

interface RefreshNowProps {
  account: TrackedAccount;
  /** A refresh that is asked for waits for a budget until then. */
  waitsUntil: Date | null;
  onRefresh: () => Promise<void>;
}

/** Ask for a refresh at once. While the hour's rule forbids it, say from when on. */
export function RefreshNow({ account, waitsUntil, onRefresh }: RefreshNowProps) {
  const { isBusy, problem, start } = useAction(onRefresh);
  const now = useMinute();
  const why = whyNotNow(account, now, waitsUntil);
  const later = whenAsked(now, waitsUntil);
  return (
    <span className="acc-action">
      <button
        type="button"
        className="primary"
        aria-disabled={isBusy || Boolean(why)}
        aria-describedby="acc-refresh-why"
        onClick={() => !why && void start()}
      >
        {isBusy ? 'Asking…' : 'Refresh now'}
      </button>
      <span id="acc-refresh-why" className="detail" role="status">
        {why ?? (later && `It begins ${later}`)}
      </span>
      <span className="problem" role="alert">
        {problem}
      </span>
    </span>
  );
}
