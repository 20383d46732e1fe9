import { type KeyboardEvent, useCallback, useEffect, useId, useMemo, useReducer, useRef, useState } from 'react';
import type { TrackingJob } from '../job';
import type { Connection, JobSource } from '../service';
import { useIsPageVisible, useIsSmallScreen } from './browserState';
import { aheadMs } from './clockSkew';
import { Header } from './Header';
import { JobRow } from './JobRow';
import { Notice, useDoubt } from './Notice';
import { NEW_VISIT, overallProgress, type Visit, visitAfter } from './panelState';
import { usePanelStorage } from './panelStorage';
import { dismissalOf, isActive, rowsOf } from './rows';
import { usePanelFocus } from './usePanelFocus';
import { knownJobs, type ProjectJobs, useProjectJobs } from './useProjectJobs';

export interface TrackingJobsPanelProps {
  /** Where the jobs come from; keep it the same object between renders, a new one makes a new listener. */
  service: JobSource;
  orgId: string;
  projectId: string;
  /**
   * Called once for each job that the panel saw become completed while it was mounted. Jobs that were completed
   * when it first saw them are not reported: the page lists their accounts already.
   */
  onJobCompleted?: (accountId: string) => void;
}

/**
 * A project's jobs at the bottom right: what runs, what waits, what failed and was not dismissed, and for a while what
 * ended. Renders nothing visible when there is nothing to tell. Style: `account-tracking/style.css`.
 */
export function TrackingJobsPanel(props: TrackingJobsPanelProps) {
  // Another project is another panel: nothing seen of the one before may show.
  return <ProjectPanel key={JSON.stringify([props.orgId, props.projectId])} {...props} />;
}

function ProjectPanel({ service, orgId, projectId, onJobCompleted }: TrackingJobsPanelProps) {
  const [visit, tell] = useReducer(visitAfter, NEW_VISIT);
  const onJobs = useCallback(
    (jobs: readonly TrackingJob[], connection: Connection) =>
      tell({ type: 'snapshot', jobs, connection, receivedAt: Date.now() }),
    [],
  );
  const onLeft = useCallback((jobId: string) => tell({ type: 'left', jobId }), []);
  const announce = useCallback((text: string) => tell({ type: 'said', text }), []);
  const [feed, tryAgain] = useProjectJobs(service, orgId, projectId, onJobs);
  const [memory, remember] = usePanelStorage(orgId, projectId);
  const isSmallScreen = useIsSmallScreen();
  const [dismissedError, setDismissedError] = useState<Error | null>(null);
  useCompletions(visit, onJobCompleted);

  const jobs = knownJobs(feed);
  const rows = rowsOf(jobs, visit.ended, memory.dismissed);
  // A small screen belongs to the page: the counts say enough, until somebody asks.
  const isCollapsed = memory.isCollapsed ?? (isSmallScreen && rows.length > 1);
  const hasFailed = feed.status === 'failed' && feed.error !== dismissedError;
  return (
    <>
      {/* Outlives the panel, so that the first job is announced as well. */}
      <p className="tracking-panel__unseen" role="status" lang="en">
        <span key={visit.announcement.number}>{visit.announcement.text}</span>
      </p>
      {(rows.length > 0 || hasFailed) && (
        <Panel
          feed={feed}
          rows={rows}
          overall={rows.some(isActive) ? overallProgress(jobs, visit.batch) : null}
          isCollapsed={isCollapsed}
          aheadMs={aheadMs(visit.clock)}
          source={service}
          onToggle={() => remember({ isCollapsed: !isCollapsed })}
          onDismiss={() => {
            if (rows.length > 0) {
              remember({ dismissed: dismissalOf(jobs) });
            }
            tell({ type: 'dismissed' });
            setDismissedError(feed.status === 'failed' ? feed.error : null);
          }}
          onTryAgain={tryAgain}
          onLeft={onLeft}
          announce={announce}
        />
      )}
    </>
  );
}

/** Tell the page of each completion once, whatever React does with renders and effects. */
function useCompletions(visit: Visit, onJobCompleted: TrackingJobsPanelProps['onJobCompleted']): void {
  const latest = useRef(onJobCompleted);
  const reported = useRef(new Set<string>());
  useEffect(() => {
    latest.current = onJobCompleted;
  });
  useEffect(() => {
    for (const [jobId, accountId] of visit.completions) {
      if (reported.current.has(jobId)) {
        continue;
      }
      reported.current.add(jobId);
      if (accountId) {
        latest.current?.(accountId);
      }
    }
  }, [visit.completions]);
}

interface PanelProps {
  feed: ProjectJobs;
  rows: readonly TrackingJob[];
  /** 0 to 100; null when nothing is active. */
  overall: number | null;
  isCollapsed: boolean;
  /** How far the page's clock is ahead of the jobs'. */
  aheadMs: number;
  source: JobSource;
  onToggle: () => void;
  onDismiss: () => void;
  onTryAgain: () => void;
  onLeft: (jobId: string) => void;
  announce: (sentence: string) => void;
}

/** So many rows are in sight at once; a list of more may have to scroll. */
const ROWS_IN_SIGHT = 4;

function Panel({ feed, rows, overall, isCollapsed, aheadMs, source, ...on }: PanelProps) {
  const listId = useId();
  const panel = useRef<HTMLElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);
  const { isVisible: hasVisibleFocus, giveBack, ...focusHandlers } = usePanelFocus(panel);
  const [isHovered, setIsHovered] = useState(false);
  const isPageVisible = useIsPageVisible();
  const isSmallScreen = useIsSmallScreen();
  const isHeld = !isPageVisible || isHovered || hasVisibleFocus;
  const doubt = useDoubt(feed);
  const isStale = doubt !== null || feed.status === 'failed';
  const stoppedAt = useMemo(() => (isStale ? Date.now() : null), [isStale]);
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
      <Notice feed={feed} doubt={doubt} onTryAgain={on.onTryAgain} announce={on.announce} />
      {hasRows && (
        <ul
          id={listId}
          className="tracking-panel__list"
          aria-label="Jobs"
          // What scrolls must be reachable without a pointer.
          tabIndex={mayScroll ? 0 : undefined}
          hidden={isCollapsed}
        >
          {rows.map((job) => (
            <JobRow
              key={job.id}
              job={job}
              source={source}
              clock={{ aheadMs, stoppedAt }}
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
