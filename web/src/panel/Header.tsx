import { Fragment, type RefObject } from 'react';
import type { TrackingJob } from '../job';
import { countsOf } from './labels';
import { Chevron, CloseIcon } from './PanelIcons';
import { ProgressBar } from './ProgressBar';

interface HeaderProps {
  rows: readonly TrackingJob[];
  /** 0 to 100; null when nothing is active. */
  overall: number | null;
  isCollapsed: boolean;
  /** Id of the list that the header opens and collapses. */
  listId: string;
  toggle: RefObject<HTMLButtonElement | null>;
  onToggle: () => void;
  onDismiss: () => void;
}

export function Header({ rows, overall, isCollapsed, listId, toggle, onToggle, onDismiss }: HeaderProps) {
  // If only one row is visible, its bar already shows the overall progress.
  const hasBar = isCollapsed || rows.length > 1;
  return (
    <header className="tracking-panel__header">
      {rows.length > 0 ? (
        <button
          ref={toggle}
          type="button"
          className="tracking-panel__toggle"
          aria-expanded={!isCollapsed}
          aria-controls={listId}
          onClick={onToggle}
        >
          <Chevron isCollapsed={isCollapsed} />
          <Headline rows={rows} />
        </button>
      ) : (
        <div className="tracking-panel__heading">
          <Headline rows={rows} />
        </div>
      )}
      <button
        type="button"
        className="tracking-panel__dismiss"
        aria-label="Dismiss account tracking"
        onClick={onDismiss}
      >
        <CloseIcon />
      </button>
      {overall !== null && hasBar && (
        <ProgressBar name="All jobs" value={overall} valueText={`${overall} %`} status="processing" />
      )}
    </header>
  );
}

function Headline({ rows }: { rows: readonly TrackingJob[] }) {
  return (
    <span className="tracking-panel__headline">
      <span className="tracking-panel__title">Account tracking</span>
      <span className="tracking-panel__quiet">
        {countsOf(rows).map(({ status, words }, index) => (
          <Fragment key={status}>
            {index > 0 && ', '}
            <span className={`tracking-panel__count--${status}`}>{words}</span>
          </Fragment>
        ))}
      </span>
    </span>
  );
}
