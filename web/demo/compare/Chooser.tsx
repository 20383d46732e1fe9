import { useId, useState } from 'react';
import type { TrackedAccount } from '../../src/account';
import { PLATFORM_LABELS } from '../../src/job';
import { full } from '../format';
import { Avatar } from '../Identity';
import { MOST_COMPARED } from '../route';

/** Matches that are shown at once. */
const MATCHES = 8;

interface ChooserProps {
  accounts: readonly TrackedAccount[];
  ids: readonly string[];
  onAdd: (id: string) => void;
}

/** Find an account by its name, and add it to the comparison. */
export function Chooser({ accounts, ids, onAdd }: ChooserProps) {
  const [search, setSearch] = useState('');
  const helpId = useId();
  const isFull = ids.length >= MOST_COMPARED;
  const found = isFull ? [] : matchesOf(accounts, ids, search);

  function add(id: string): void {
    setSearch('');
    onAdd(id);
  }

  return (
    <div className="cmp-chooser">
      <label className="acc-field">
        <span>Add an account</span>
        <input
          type="search"
          value={search}
          placeholder="Name or @name"
          disabled={isFull}
          aria-describedby={helpId}
          onChange={({ target }) => setSearch(target.value)}
        />
      </label>
      <p id={helpId} className="detail" role="status">
        {isFull ? `${MOST_COMPARED} accounts at most. Take one out to add another.` : said(search, found.length)}
      </p>
      {search.trim() !== '' && found.length > 0 && (
        <ul className="cmp-matches">
          {found.slice(0, MATCHES).map((account) => (
            <li key={account.id}>
              <button type="button" className="quiet" onClick={() => add(account.id)}>
                <Avatar account={account} />
                <span className="cmp-match">
                  <bdi>{account.displayName}</bdi>
                  <span className="detail">
                    <bdi>@{account.username}</bdi>
                    {account.platform && ` · ${PLATFORM_LABELS[account.platform]}`}
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function matchesOf(accounts: readonly TrackedAccount[], ids: readonly string[], search: string): TrackedAccount[] {
  const wanted = search.trim().replace(/^@/, '').toLowerCase();
  return accounts.filter(
    ({ id, username, displayName }) =>
      !ids.includes(id) && [username, displayName].some((name) => name.toLowerCase().includes(wanted)),
  );
}

function said(search: string, found: number): string {
  if (search.trim() === '') {
    return '';
  }
  if (found === 0) {
    return 'No other account matches.';
  }
  return found > MATCHES
    ? `The first ${MATCHES} of ${full(found)} matches.`
    : `${found} ${found === 1 ? 'match' : 'matches'}.`;
}
