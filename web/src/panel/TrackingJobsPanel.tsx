import { type KeyboardEvent, useCallback, useEffect, useId, useReducer, useRef, useState } from 'react';
import type { TrackingJob } from '../job';
import type { JobSource } from '../service';
import { useKeptFocus } from './focus';
import { Chevron, CloseIcon } from './icons';
import { JobRow } from './JobRow';
import { usePanelMemory } from './memory';
import { Notice } from './Notice';
import { ProgressBar } from './ProgressBar';
import { dismissalOf, isActive, rowsOf } from './rows';
import { useIsPageVisible } from './surroundings';
import { knownJobs, type ProjectJobs, useProjectJobs } from './useProjectJobs';
import { NEW_VISIT, overallProgress, type Visit, visitAfter } from './visit';
import { summary } from './wording';

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
  const onJobs = useCallback((jobs: readonly TrackingJob[]) => tell({ type: 'snapshot', jobs }), []);
  const onLeft = useCallback((jobId: string) => tell({ type: 'left', jobId }), []);
  const announce = useCallback((text: string) => tell({ type: 'said', text }), []);
  const [feed, tryAgain] = useProjectJobs(service, orgId, projectId, onJobs);
  const [memory, remember] = usePanelMemory(orgId, projectId);
  const [dismissedError, setDismissedError] = useState<Error | null>(null);
  useCompletions(visit, onJobCompleted);

  const jobs = knownJobs(feed);
  const rows = rowsOf(jobs, visit.ended, memory.dismissed);
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
          isCollapsed={memory.isCollapsed}
          source={service}
          onToggle={() => remember({ isCollapsed: !memory.isCollapsed })}
          onDismiss={() => {
            remember({ dismissed: dismissalOf(jobs) });
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
      if (reported.current.has(jobId)) continue;
      reported.current.add(jobId);
      if (accountId) latest.current?.(accountId);
    }
  }, [visit.completions]);
}

interface PanelProps {
  feed: ProjectJobs;
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

function Panel({ feed, rows, overall, isCollapsed, source, ...on }: PanelProps) {
  const listId = useId();
  const panel = useRef<HTMLElement>(null);
  const toggle = useRef<HTMLButtonElement>(null);
  const keptFocus = useKeptFocus(panel, toggle);
  const [isHovered, setIsHovered] = useState(false);
  const isHeld = !useIsPageVisible() || isHovered;

  function collapseOnEscape(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || isCollapsed) return;
    event.stopPropagation();
    toggle.current?.focus();
    on.onToggle();
  }

  return (
    <section
      ref={panel}
      className="tracking-panel"
      lang="en"
      aria-label="Account tracking"
      onKeyDown={collapseOnEscape}
      onPointerEnter={() => setIsHovered(true)}
      onPointerLeave={() => setIsHovered(false)}
      {...keptFocus}
    >
      <header className="tracking-panel__header">
        <button
          ref={toggle}
          type="button"
          className="tracking-panel__toggle"
          aria-expanded={!isCollapsed}
          aria-controls={listId}
          onClick={on.onToggle}
        >
          <Chevron isCollapsed={isCollapsed} />
          <span className="tracking-panel__headline">
            <span className="tracking-panel__title">Account tracking</span>
            <span className="tracking-panel__quiet">{summary(rows)}</span>
          </span>
        </button>
        <button
          type="button"
          className="tracking-panel__dismiss"
          aria-label="Dismiss account tracking"
          onClick={on.onDismiss}
        >
          <CloseIcon />
        </button>
        {overall !== null && (
          <ProgressBar name="All jobs" value={overall} valueText={`${overall} %`} status="processing" />
        )}
      </header>
      <Notice feed={feed} onTryAgain={on.onTryAgain} announce={on.announce} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable without a pointer */}
      <ul id={listId} className="tracking-panel__list" aria-label="Jobs" tabIndex={0} hidden={isCollapsed}>
        {rows.map((job) => (
          <JobRow key={job.id} job={job} source={source} isHeld={isHeld} onLeft={on.onLeft} announce={on.announce} />
        ))}
      </ul>
    </section>
  );
}
