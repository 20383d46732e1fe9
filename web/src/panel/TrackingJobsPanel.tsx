import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { isOffline } from '../errors';
import { NEWEST_JOBS, type TrackingJob } from '../job';
import { useIsSmallScreen, useNetworkChanges } from './browserState';
import { skewMs } from './clockSkew';
import { announcementsOf } from './jobText';
import { notify } from './Notifications';
import { Panel } from './Panel';
import { PanelContext, type PanelTools } from './panelContext';
import { initialPanelState, isSignedOut, knownJobs, overallProgress, panelReducer } from './panelState';
import { usePanelStorage } from './panelStorage';
import { earlierJobs } from './queue';
import { isActive, rowsOf, withCleared } from './rows';
import { type TrackingLanguage, type TrackingScope, useTrackingScope, useWords } from './TrackingProvider';
import { type EndingCallbacks, useEndings } from './useEndings';
import { type PanelPosition, usePanelHost } from './usePanelHost';
import { usePauses } from './usePauses';
import { useProjectJobs } from './useProjectJobs';

/** `service`, `orgId`, `projectId`, `labels` and `locale` may come from a `TrackingProvider` instead. */
export interface TrackingJobsPanelProps extends Partial<TrackingScope>, TrackingLanguage, EndingCallbacks {
  /** Called at a click on `Open`, which the row of a completed job has if this is given. */
  onOpenAccount?: ((accountId: string, job: TrackingJob) => void) | undefined;
  /** Whether the panel is open. Without it the panel remembers what the person chose. */
  open?: boolean | undefined;
  onOpenChange?: ((open: boolean) => void) | undefined;
  /** `always` keeps the collapsed panel in sight when nothing runs; it opens the history. */
  visibility?: 'auto' | 'always' | undefined;
  position?: PanelPosition | undefined;
  /** The element that the panel is put into: the page's body by default. The panel takes over its colour scheme. */
  container?: HTMLElement | null | undefined;
  /** For the panel's element. */
  className?: string | undefined;
  /** Returns the name of the user who added a job. */
  nameOf?: ((userId: string) => string | null | undefined) | undefined;
}

/**
 * Show a project's jobs in a corner of the page: jobs that run or wait, failed jobs until they are cleared, and other
 * finished jobs for a few seconds. Without such jobs nothing is visible, unless `visibility` or `open` say otherwise.
 * Style: `account-tracking/style.css`.
 */
export function TrackingJobsPanel(props: TrackingJobsPanelProps) {
  const scope = useTrackingScope(props);
  // The key gives each project its own panel, which shows no state of the previous project.
  return <ProjectPanel key={JSON.stringify([scope.orgId, scope.projectId])} {...props} {...scope} />;
}

function ProjectPanel(props: TrackingJobsPanelProps & TrackingScope) {
  const { service, orgId, projectId, visibility = 'auto', position = 'bottom-right', container = null } = props;
  const [state, dispatch] = useReducer(panelReducer, !isOffline(), initialPanelState);
  const onNetwork = useCallback(
    (isOnline: boolean) => dispatch({ type: 'networkChanged', isOnline, at: Date.now() }),
    [],
  );
  const announce = useCallback((text: string) => dispatch({ type: 'announced', text }), []);
  const words = useWords(props);
  const [stored, remember] = usePanelStorage(orgId, projectId);
  const [isIdleOpen, setIsIdleOpen] = useState(false);
  const isSmallScreen = useIsSmallScreen();
  const host = usePanelHost(container, position);
  useProjectJobs(service, orgId, projectId, state.listener, dispatch);
  useNetworkChanges(onNetwork);
  const pauses = usePauses(service);
  useEndings(state.endings, props, (ended) => {
    if (!stored.notifies) {
      return;
    }
    try {
      notify(ended, words);
    } catch {
      remember({ notifies: false });
      announce(words.labels.notifyBlocked);
    }
  });

  const jobs = knownJobs(state.feed);
  const clear = useClear(jobs, remember, (jobIds) => dispatch({ type: 'rowsLeft', jobIds }));
  const isFirstVisit = !stored.hasSeen && state.feed.status === 'watching' && state.feed.connection === 'live';
  useEffect(() => {
    if (isFirstVisit) {
      // What failed before this browser knew the project is history.
      const old = jobs.filter(({ id }) => !state.ended.has(id));
      remember(({ dismissed }) => ({ hasSeen: true, dismissed: withCleared(dismissed, jobs, old) }));
    }
  });

  const skew = skewMs(state.clockSkew);
  const { dismissed, hasSeen } = stored;
  const rows = rowsOf(jobs, { ended: state.ended, dismissed, hasSeen, nowMs: state.receivedAt - skew });
  const hasRows = rows.length > 0;
  // On a small screen the list starts collapsed, so that it does not cover the page: the counts say enough.
  const isOpenByItself = hasRows ? !(stored.isCollapsed ?? (isSmallScreen && rows.length > 1)) : isIdleOpen;
  const isOpen = props.open ?? isOpenByItself;
  const hasFailed = state.feed.status === 'failed' && state.feed.error !== state.dismissedError;
  const isKept = visibility === 'always' || isOpen;
  const isShown = (hasRows || hasFailed || isKept) && !isSignedOut(state);

  function turn(toOpen: boolean): void {
    if (hasRows) {
      remember({ isCollapsed: !toOpen });
    } else {
      setIsIdleOpen(toOpen);
    }
    props.onOpenChange?.(toOpen);
  }

  const tools: PanelTools = {
    source: service,
    words,
    clock: { skewMs: skew, stoppedAt: state.staleSince, receivedAt: state.receivedAt },
    pauses,
    expectedEnds: state.expectedEnds,
    earlier: earlierJobs(rows),
    isCut: jobs.length >= NEWEST_JOBS,
    reconnections: state.reconnections,
    announce,
    clear,
    nameOf: props.nameOf,
    onOpenAccount: props.onOpenAccount,
  };
  const { said, number } = state.announcement;
  return (
    host &&
    createPortal(
      <PanelContext.Provider value={tools}>
        {/* Outside the panel, so that the live region exists before the first job is announced. */}
        <p className="tracking-panel__unseen" role="status" lang={words.locale}>
          <span key={number}>{typeof said === 'string' ? said : announcementsOf(said, words)}</span>
        </p>
        {isShown && (
          <Panel
            state={state}
            className={props.className}
            jobs={jobs}
            rows={rows}
            overall={rows.some(isActive) ? overallProgress(jobs, state.batch) : null}
            canOpen={hasRows || isKept}
            isCollapsed={!isOpen}
            notifies={stored.notifies}
            onToggle={() => turn(!isOpen)}
            onDismissError={() => dispatch({ type: 'errorDismissed' })}
            onTryAgain={() => dispatch({ type: 'retryRequested' })}
            onNotifies={(notifies) => remember({ notifies })}
          />
        )}
      </PanelContext.Provider>,
      host,
    )
  );
}

/** Return a stable function that takes ended jobs out of the list. */
function useClear(
  jobs: readonly TrackingJob[],
  remember: ReturnType<typeof usePanelStorage>[1],
  onLeft: (jobIds: readonly string[]) => void,
): PanelTools['clear'] {
  const latest = useRef({ jobs, onLeft });
  useEffect(() => {
    latest.current = { jobs, onLeft };
  });
  return useCallback(
    (cleared) => {
      latest.current.onLeft(cleared.map(({ id }) => id));
      if (cleared.some(({ status }) => status === 'failed')) {
        remember(({ dismissed }) => ({ dismissed: withCleared(dismissed, latest.current.jobs, cleared) }));
      }
    },
    [remember],
  );
}
