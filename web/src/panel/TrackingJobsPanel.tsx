import { type KeyboardEvent, useCallback, useEffect, useId, useReducer, useRef, useState } from 'react';
import { isOffline } from '../errors';
import type { TrackingJob } from '../job';
import type { JobSource } from '../service';
import { useIsPageVisible, useIsSmallScreen, useNetworkChanges } from './browserState';
import { skewMs } from './clockSkew';
import type { RowClock } from './Elapsed';
import { Header } from './Header';
import { JobRow } from './JobRow';
import { Notice } from './Notice';
import { initialPanelState, knownJobs, overallProgress, type PanelState, panelReducer } from './panelState';
import { usePanelStorage } from './panelStorage';
import { dismissalOf, isActive, rowsOf } from './rows';
import { type TrackingScope, useTrackingScope } from './TrackingProvider';
import { usePanelFocus } from './usePanelFocus';
import { useProjectJobs } from './useProjectJobs';

/** `service`, `orgId` and `projectId` may come from a `TrackingProvider` instead. */
export interface TrackingJobsPanelProps extends Partial<TrackingScope> {
  /**
   * Called once for each job that becomes completed while the panel is mounted. Jobs that were completed before are
   * not reported: the page lists their accounts already.
   */
  onJobCompleted?: (accountId: string) => void;
}

/**
 * Show a project's jobs at the bottom right of the page: jobs that run or wait, failed jobs until they are dismissed,
 * and other finished jobs for a few seconds. Without such jobs nothing is visible. Style: `account-tracking/style.css`.
 */
export function TrackingJobsPanel(props: TrackingJobsPanelProps) {
  const scope = useTrackingScope(props);
  // The key gives each project its own panel, which shows no state of the previous project.
  return <ProjectPanel key={JSON.stringify([scope.orgId, scope.projectId])} {...props} {...scope} />;
}

function ProjectPanel({ service, orgId, projectId, onJobCompleted }: TrackingJobsPanelProps & TrackingScope) {
  const [state, dispatch] = useReducer(panelReducer, !isOffline(), initialPanelState);
  const onNetwork = useCallback(
    (isOnline: boolean) => dispatch({ type: 'networkChanged', isOnline, at: Date.now() }),
    [],
  );
  const onLeft = useCallback((jobId: string) => dispatch({ type: 'rowLeft', jobId }), []);
  const announce = useCallback((text: string) => dispatch({ type: 'announced', text }), []);
  const [stored, remember] = usePanelStorage(orgId, projectId);
  const isSmallScreen = useIsSmallScreen();
  useProjectJobs(service, orgId, projectId, state.listener, dispatch);
  useNetworkChanges(onNetwork);
  useCompletions(state.completions, onJobCompleted);

  const jobs = knownJobs(state.feed);
  const rows = rowsOf(jobs, state.ended, stored.dismissed);
  // On a small screen the list starts collapsed, so that it does not cover the page: the counts say enough.
  const isCollapsed = stored.isCollapsed ?? (isSmallScreen && rows.length > 1);
  const hasFailed = state.feed.status === 'failed' && state.feed.error !== state.dismissedError;
  return (
    <>
      {/* Outside the panel, so that the live region exists before the first job is announced. */}
      <p className="tracking-panel__unseen" role="status" lang="en">
        <span key={state.announcement.number}>{state.announcement.text}</span>
      </p>
      {(rows.length > 0 || hasFailed) && (
        <Panel
          state={state}
          rows={rows}
          overall={rows.some(isActive) ? overallProgress(jobs, state.batch) : null}
          isCollapsed={isCollapsed}
          source={service}
          onToggle={() => remember({ isCollapsed: !isCollapsed })}
          onDismiss={() => {
            if (rows.length > 0) {
              remember({ dismissed: dismissalOf(jobs) });
            }
            dispatch({ type: 'dismissed' });
          }}
          onTryAgain={() => dispatch({ type: 'retryRequested' })}
          onLeft={onLeft}
          announce={announce}
        />
      )}
    </>
  );
}

/** Call `onJobCompleted` once for each completion, even when React runs an effect twice. */
function useCompletions(
  completions: PanelState['completions'],
  onJobCompleted: TrackingJobsPanelProps['onJobCompleted'],
): void {
  const latest = useRef(onJobCompleted);
  const reported = useRef(new Set<string>());
  useEffect(() => {
    latest.current = onJobCompleted;
  });
  useEffect(() => {
    for (const [jobId, accountId] of completions) {
      if (reported.current.has(jobId)) {
        continue;
      }
      reported.current.add(jobId);
      if (accountId) {
        latest.current?.(accountId);
      }
    }
  }, [completions]);
}

interface PanelProps {
  state: PanelState;
  rows: readonly TrackingJob[];
  /** 0 to 100; null when nothing is active. */
  overall: number | null;
  isCollapsed: boolean;
  source: JobSource;
  onToggle: () => void;
  onDismiss: () => void;
  onTryAgain: () => void;
  onLeft: (jobId: string) => void;
  announce: (sentence: string) => void;
}

/** Rows in sight at once on a large screen; a longer list may have to scroll. */
const ROWS_IN_SIGHT = 4;

function Panel({ state, rows, overall, isCollapsed, source, ...on }: PanelProps) {
  const listId = useId();
  const panel = useRef<HTMLElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);
  const { isVisible: hasVisibleFocus, giveBack, ...focusHandlers } = usePanelFocus(panel);
  const [isHovered, setIsHovered] = useState(false);
  const isPageVisible = useIsPageVisible();
  const isSmallScreen = useIsSmallScreen();
  const isHeld = !isPageVisible || isHovered || hasVisibleFocus;
  const isStale = state.staleSince !== null;
  const clock: RowClock = { skewMs: skewMs(state.clockSkew), stoppedAt: state.staleSince };
  const hasRows = rows.length > 0;
  const mayScroll = rows.length > (isSmallScreen ? 1 : ROWS_IN_SIGHT);

  function collapseOnEscape(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || isCollapsed || !hasRows) {
      return;
    }
    event.stopPropagation();
    toggle.current?.focus();
    on.onToggle();
  }

  function dismiss(): void {
    giveBack();
    on.onDismiss();
  }

  return (
    <section
      ref={panel}
      className={`tracking-panel${isStale ? ' tracking-panel--stale' : ''}`}
      lang="en"
      aria-label="Account tracking"
      onKeyDown={collapseOnEscape}
      onPointerEnter={() => setIsHovered(true)}
      onPointerLeave={() => setIsHovered(false)}
      {...focusHandlers}
    >
      <Header
        rows={rows}
        overall={overall}
        isCollapsed={isCollapsed}
        listId={listId}
        toggle={toggle}
        onToggle={on.onToggle}
        onDismiss={dismiss}
      />
      <Notice feed={state.feed} isOnline={state.isOnline} onTryAgain={on.onTryAgain} announce={on.announce} />
      {hasRows && (
        <ul
          id={listId}
          className="tracking-panel__list"
          aria-label="Jobs"
          // A list that scrolls must be reachable by keyboard.
          tabIndex={mayScroll ? 0 : undefined}
          hidden={isCollapsed}
        >
          {rows.map((job) => (
            <JobRow
              key={job.id}
              job={job}
              source={source}
              clock={clock}
              isHeld={isHeld}
              onLeft={on.onLeft}
              announce={on.announce}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
