import { act, cleanup, render, screen } from '@testing-library/react';
import userEvent, { type UserEvent } from '@testing-library/user-event';
import { StrictMode } from 'react';
import { afterEach, beforeEach, vi } from 'vitest';
import type { TrackingJob } from '../../src/job';
import { storageKey } from '../../src/panel/panelStorage';
import { TrackingJobsPanel, type TrackingJobsPanelProps } from '../../src/panel/TrackingJobsPanel';
import { makeJob } from './panelJobs';
import { FakeSource } from './panelSource';

const NOW = new Date('2026-11-23T12:00:30Z');
export const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

export const running = (fields: Partial<TrackingJob> = {}) =>
  makeJob({ status: 'processing', progress: 50, attempt: 1, startedAt: ago(10), message: 'Saving.', ...fields });
const ended = { attempt: 1, startedAt: ago(48), completedAt: ago(0) };
export const completed = (fields: Partial<TrackingJob> = {}) =>
  makeJob({ ...ended, status: 'completed', progress: 100, message: 'Done.', accountId: 'instagram_1', ...fields });
export const failed = (fields: Partial<TrackingJob> = {}) =>
  makeJob({ ...ended, status: 'failed', progress: 30, error: 'It is private.', ...fields });
export const cancelled = (fields: Partial<TrackingJob> = {}) =>
  makeJob({ ...ended, status: 'cancelled', progress: 70, message: 'Cancelled.', ...fields });

export let source: FakeSource;
export let user: UserEvent;

/** Give each test of the panel a source in memory, a fake clock and an empty storage. */
export function setupPanelTest(): void {
  beforeEach(() => {
    vi.useFakeTimers({ shouldAdvanceTime: true, now: NOW });
    localStorage.clear();
    // This browser knows the project; in a new one, what failed earlier is history.
    localStorage.setItem(storageKey('org', 'project'), '{"hasSeen":true}');
    source = new FakeSource();
    user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
  });

  afterEach(() => {
    cleanup();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
}

/** Fake a phone's screen; `turn` changes it to a large one. */
export function stubSmallScreen(): { turn: () => void } {
  const query = Object.assign(new EventTarget(), { matches: true });
  vi.stubGlobal('matchMedia', () => query);
  const turn = () => {
    query.matches = false;
    act(() => void query.dispatchEvent(new Event('change')));
  };
  return { turn };
}

type Mounted = Partial<TrackingJobsPanelProps>;

function panelOf(mounted: Mounted) {
  return (
    <StrictMode>
      <TrackingJobsPanel service={source} orgId="org" projectId="project" {...mounted} />
    </StrictMode>
  );
}

export function mount(mounted: Mounted = {}) {
  const view = render(panelOf(mounted));
  return { ...view, change: (next: Mounted) => view.rerender(panelOf(next)) };
}

export function show(...jobs: TrackingJob[]): void {
  act(() => source.emit(jobs));
}

export function pass(ms: number): void {
  act(() => vi.advanceTimersByTime(ms));
}

export const panel = () => screen.queryByRole('region', { name: 'Account tracking' });
export const toggle = () => screen.getByRole('button', { name: /^Account tracking/ });
export const clear = () => screen.getByRole('button', { name: 'Clear' });
export const cross = (name = '@nasa') => button(`Dismiss tracking ${name} on Instagram`);
export const summary = (name = '@nasa') => screen.getByRole('button', { name: new RegExp(`^${name}\\b`) });
export const rows = () => screen.queryAllByRole('listitem');
export const bar = (name = '@nasa on Instagram') => screen.getByRole('progressbar', { name });
export const button = (name: string) => screen.getByRole('button', { name });
export const announced = () => screen.getByRole('status').textContent;
