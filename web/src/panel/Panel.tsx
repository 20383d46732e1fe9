import { type KeyboardEvent, useId, useRef, useState } from 'react';
import type { TrackingJob } from '../job';
import { useIsPageVisible } from './browserState';
import { FailedJobs } from './FailedJobs';
import { Header } from './Header';
import { History } from './History';
import { JobRow } from './JobRow';
import { Notice } from './Notice';
import { Bell } from './Notifications';
import { usePanelTools } from './panelContext';
import type { PanelState } from './panelState';
import { usePanelFocus } from './usePanelFocus';
import { useRegionName } from './useRegionName';

interface PanelProps {
  state: PanelState;
  className: string | undefined;
  /** All known jobs, newest first. */
  jobs: readonly TrackingJob[];
  /** The jobs that are listed now. */
  rows: readonly TrackingJob[];
  /** 0 to 100; null when nothing is active. */
  overall: number | null;
  canOpen: boolean;
  isCollapsed: boolean;
  notifies: boolean;
  onToggle: () => void;
  onDismissError: () => void;
  onTryAgain: () => void;
  onNotifies: (notifies: boolean) => void;
}

/** The visible panel: header, connection, and the list of now or the history. */
export function Panel({ state, className, jobs, rows, overall, canOpen, notifies, ...props }: PanelProps) {
  const { words, clear } = usePanelTools();
  const bodyId = useId();
  const regionName = useRegionName(words.labels.title);
  const panel = useRef<HTMLElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);
  const { isVisible: hasVisibleFocus, giveBack, ...focusHandlers } = usePanelFocus(panel);
  const [isHovered, setIsHovered] = useState(false);
  const [isHistoryChosen, setIsHistoryChosen] = useState<boolean | null>(null);
  const isPageVisible = useIsPageVisible();
  const isHeld = !isPageVisible || isHovered || hasVisibleFocus;
  const isCollapsed = props.isCollapsed || !canOpen;
  const isHistory = isHistoryChosen ?? rows.length === 0;
  const modifiers = { stale: state.staleSince !== null, collapsed: isCollapsed, error: !canOpen };
  const classes = Object.entries(modifiers).flatMap(([name, isOn]) => (isOn ? [`tracking-panel--${name}`] : []));

  function collapseOnEscape(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || isCollapsed) {
      return;
    }
    event.stopPropagation();
    toggle.current?.focus();
    props.onToggle();
  }

  return (
    <section
      ref={panel}
      className={['tracking-panel', ...classes, ...(className ? [className] : [])].join(' ')}
      lang={words.locale}
      aria-label={regionName}
      onKeyDown={collapseOnEscape}
      onPointerEnter={() => setIsHovered(true)}
      onPointerLeave={() => setIsHovered(false)}
      {...focusHandlers}
    >
      <Header
        rows={rows}
        overall={overall}
        isCollapsed={isCollapsed}
        toggle={canOpen ? { button: toggle, bodyId, onToggle: props.onToggle } : null}
        bell={<Bell isOn={notifies} onChange={props.onNotifies} />}
        isHistory={isHistory}
        onHistory={() => setIsHistoryChosen(!isHistory)}
        onClear={() => {
          giveBack();
          clear(rows);
        }}
        onDismissError={() => {
          giveBack();
          props.onDismissError();
        }}
      />
      <Notice feed={state.feed} isOnline={state.isOnline} onTryAgain={props.onTryAgain} />
      {canOpen && (
        <div id={bodyId} className="tracking-panel__body" hidden={isCollapsed}>
          {isHistory ? <History jobs={jobs} /> : <Now rows={rows} isHeld={isHeld} />}
        </div>
      )}
    </section>
  );
}

/** The jobs that are listed now: failed ones first. */
function Now({ rows, isHeld }: Pick<PanelProps, 'rows'> & { isHeld: boolean }) {
  const { words } = usePanelTools();
  const failed = rows.filter(({ status }) => status === 'failed');
  if (rows.length === 0) {
    return <p className="tracking-panel__empty">{words.labels.nothingRuns}</p>;
  }
  return (
    <>
      {failed.length > 1 && <FailedJobs failed={failed} isClearable={failed.length < rows.length} />}
      <ul className="tracking-panel__list" aria-label={words.labels.jobs}>
        {rows.map((job) => (
          <JobRow key={job.id} job={job} {...(isHeld ? { stays: 'held' as const } : {})} />
        ))}
      </ul>
    </>
  );
}
