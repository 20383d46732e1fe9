import type { TrackedAccount } from '../src/account';
import { ACCOUNT_TYPES, type AccountType, PLATFORM_LABELS, PLATFORMS, type Platform } from '../src/job';
import { accountsCsv } from './accountTable';
import { type AccountSort, type AccountView, WHOLE } from './accountView';
import { Icon } from './DemoIcons';
import { saveCsv } from './saveFile';

export const TYPE_LABELS: Readonly<Record<AccountType, string>> = { my: 'Mine', competitor: 'Competitor' };
const TYPE_PLURALS: Readonly<Record<AccountType, string>> = { my: 'Mine', competitor: 'Competitors' };
const SORT_LABELS: Readonly<Record<AccountSort, string>> = {
  added: 'Last added',
  name: 'Name',
  followers: 'Followers',
  f7: 'Gained in 7 days',
  p7: 'Gained in 7 days, %',
  f30: 'Gained in 30 days',
  p30: 'Gained in 30 days, %',
  synced: 'Last refreshed',
};

interface AccountToolsProps {
  view: AccountView;
  onView: (view: AccountView) => void;
  /** The accounts that the list shows, in its order. */
  shown: readonly TrackedAccount[];
  /** Number of all accounts that cannot be refreshed. */
  unavailable: number;
}

/** Search, filters and order of the list, and its export. */
export function AccountTools({ view, onView, shown, unavailable }: AccountToolsProps) {
  return (
    <div className="tools">
      <input
        type="search"
        value={view.search}
        aria-label="Search accounts"
        placeholder="Search name or username"
        onChange={({ target }) => onView({ ...view, search: target.value })}
      />
      {/* On a phone these scroll in one row. */}
      <div className="choices">
        <select
          value={view.platform ?? ''}
          aria-label="Platform of the accounts"
          onChange={({ target }) => onView({ ...view, platform: (target.value || null) as Platform | null })}
        >
          <option value="">All platforms</option>
          {PLATFORMS.map((name) => (
            <option key={name} value={name}>
              {PLATFORM_LABELS[name]}
            </option>
          ))}
        </select>
        <select
          value={view.type ?? ''}
          aria-label="Whose accounts"
          onChange={({ target }) => onView({ ...view, type: (target.value || null) as AccountType | null })}
        >
          <option value="">All accounts</option>
          {ACCOUNT_TYPES.map((type) => (
            <option key={type} value={type}>
              {TYPE_PLURALS[type]}
            </option>
          ))}
        </select>
        <span className="order">
          <select
            value={view.sort}
            aria-label="Sort accounts"
            onChange={({ target }) =>
              onView({ ...view, sort: target.value as AccountSort, isReversed: WHOLE.isReversed })
            }
          >
            {Object.entries(SORT_LABELS).map(([sort, label]) => (
              <option key={sort} value={sort}>
                {label}
              </option>
            ))}
          </select>
          <button
            type="button"
            className="secondary reverse"
            aria-pressed={view.isReversed}
            aria-label="Reverse the order"
            title="Reverse the order"
            onClick={() => onView({ ...view, isReversed: !view.isReversed })}
          >
            <Icon name={isUpward(view) ? 'up' : 'down'} />
          </button>
        </span>
        {(unavailable > 0 || view.needsAttention) && (
          <button
            type="button"
            className="secondary attention"
            aria-pressed={view.needsAttention}
            onClick={() => onView({ ...view, needsAttention: !view.needsAttention })}
          >
            <Icon name="warning" /> Needs attention <span className="number">{unavailable}</span>
          </button>
        )}
        <button type="button" className="secondary export" disabled={shown.length === 0} onClick={() => save(shown)}>
          Export CSV
        </button>
      </div>
    </div>
  );
}

/** Whether the smallest value, or the letter A, comes first. */
export function isUpward({ sort, isReversed }: AccountView): boolean {
  return (sort === 'name') !== isReversed;
}

function save(accounts: readonly TrackedAccount[]): void {
  saveCsv(`accounts-${new Date().toISOString().slice(0, 10)}.csv`, accountsCsv(accounts));
}
