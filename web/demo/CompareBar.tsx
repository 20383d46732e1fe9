import type { TrackedAccount } from '../src/account';
import { Icon } from './DemoIcons';
import { DEFAULT_RANGE, hrefOf } from './route';

interface CompareBarProps {
  chosen: readonly TrackedAccount[];
  onRemove: (id: string) => void;
  onClear: () => void;
}

/** Show the accounts chosen for a comparison, and lead to it as soon as there are two. */
export function CompareBar({ chosen, onRemove, onClear }: CompareBarProps) {
  const href = hrefOf({ page: 'compare', ids: chosen.map(({ id }) => id), days: DEFAULT_RANGE });
  return (
    <section className="compare-bar" aria-label="Comparison">
      <span className="chosen" aria-hidden="true">
        {chosen.length} chosen
      </span>
      <ul>
        {chosen.map(({ id, displayName }) => (
          <li key={id}>
            <bdi className="text">{displayName}</bdi>
            <button
              type="button"
              className="take-out"
              aria-label={`Take ${displayName} out of the comparison`}
              onClick={() => onRemove(id)}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      {chosen.length > 1 ? (
        <a className="primary" href={href}>
          Compare {chosen.length}
        </a>
      ) : (
        <span className="detail">Choose one more to compare</span>
      )}
      <button type="button" className="quiet" onClick={onClear}>
        Clear
      </button>
    </section>
  );
}
