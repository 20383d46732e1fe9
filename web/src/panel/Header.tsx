import { Fragment, type ReactNode, type RefObject } from 'react';
import type { TrackingJob } from '../job';
import { countsOf } from './jobText';
import { IconButton, PanelButton } from './PanelButton';
import { Chevron, CloseIcon, HistoryIcon } from './PanelIcons';
import { ProgressBar } from './ProgressBar';
import { usePanelTools } from './panelContext';
import { isActive } from './rows';

interface HeaderProps {
  rows: readonly TrackingJob[];
  /** 0 to 100; null when nothing is active. */
  overall: number | null;
  isCollapsed: boolean;
  /** Null while there is nothing to open: the panel shows only an error. */
  toggle: {
    button: RefObject<HTMLButtonElement | null>;
    /** Id of the part that the header opens and collapses. */
    bodyId: string;
    onToggle: () => void;
  } | null;
  bell: ReactNode;
  isHistory: boolean;
  onHistory: () => void;
  onClear: () => void;
  onDismissError: () => void;
}

/** The panel's title and counts. Collapsed, the panel is this header alone. */
export function Header({ rows, overall, isCollapsed, toggle, bell, isHistory, ...on }: HeaderProps) {
  const { words } = usePanelTools();
  const { labels } = words;
  // If only one row is visible, its bar already shows the overall progress.
  const hasBar = isCollapsed || isHistory || rows.length > 1;
  const hasEnded = rows.length > 0 && !rows.some(isActive);
  return (
    <header className="tracking-panel__header">
      {toggle ? (
        <button
          ref={toggle.button}
          type="button"
          className="tracking-panel__toggle"
          aria-expanded={!isCollapsed}
          aria-controls={toggle.bodyId}
          onClick={toggle.onToggle}
        >
          <Chevron isCollapsed={isCollapsed} />
          <Headline rows={rows} />
        </button>
      ) : (
        <div className="tracking-panel__toggle">
          <Headline rows={rows} />
        </div>
      )}
      {hasEnded && <PanelButton onClick={on.onClear}>{labels.clear}</PanelButton>}
      {toggle && !isCollapsed && (
        <>
          {bell}
          <IconButton label={labels.history} isPressed={isHistory} onClick={on.onHistory}>
            <HistoryIcon />
          </IconButton>
        </>
      )}
      {!toggle && (
        <IconButton label={labels.dismiss} onClick={on.onDismissError}>
          <CloseIcon />
        </IconButton>
      )}
      {overall !== null && hasBar && (
        <ProgressBar name={labels.allJobs} value={overall} valueText={words.percent(overall)} status="processing" />
      )}
    </header>
  );
}

function Headline({ rows }: Pick<HeaderProps, 'rows'>) {
  const { words, isCut } = usePanelTools();
  return (
    <span className="tracking-panel__headline">
      <span className="tracking-panel__title">{words.labels.title}</span>
      <span className="tracking-panel__quiet">
        {countsOf(rows, isCut, words).map(({ status, words: count }, index) => (
          <Fragment key={status}>
            {index > 0 && ', '}
            <span className={`tracking-panel__count--${status}`}>{count}</span>
          </Fragment>
        ))}
      </span>
    </span>
  );
}
