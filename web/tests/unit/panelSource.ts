import { vi } from 'vitest';
import type { TrackingJobError } from '../../src/errors';
import type { TrackingJob } from '../../src/job';
import type { PlatformPause } from '../../src/pauses';
import type { Connection, CreateJob, JobSource, OnError, OnJobs } from '../../src/service';

interface Listener {
  scope: string;
  onJobs: OnJobs;
  onError: OnError | undefined;
}

interface Call {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** A JobSource in memory. The test sends the snapshots and settles each action. */
export class FakeSource implements JobSource {
  readonly listeners = new Set<Listener>();
  /** All listeners, including released ones. */
  readonly history: Listener[] = [];
  readonly calls: Call[] = [];
  readonly cancelJob = vi.fn((_jobId: string) => this.#call());
  readonly retryJob = vi.fn((_jobId: string) => this.#call());
  readonly createJob = vi.fn<CreateJob>(() => this.#call().then(() => 'created'));

  watchProjectJobs(orgId: string, projectId: string, onJobs: OnJobs, onError?: OnError): () => void {
    const listener = { scope: `${orgId}/${projectId}`, onJobs, onError };
    this.listeners.add(listener);
    this.history.push(listener);
    return () => this.listeners.delete(listener);
  }

  readonly #pauseWatchers = new Set<(pauses: readonly PlatformPause[]) => void>();

  watchPauses(onPauses: (pauses: readonly PlatformPause[]) => void): () => void {
    this.#pauseWatchers.add(onPauses);
    return () => this.#pauseWatchers.delete(onPauses);
  }

  emitPauses(...pauses: PlatformPause[]): void {
    for (const onPauses of this.#pauseWatchers) {
      onPauses(pauses);
    }
  }

  emit(jobs: TrackingJob[], connection: Connection = 'live'): void {
    for (const { onJobs } of this.listeners) {
      onJobs(jobs, connection);
    }
  }

  fail(error: TrackingJobError): void {
    for (const { onError } of this.listeners) {
      onError?.(error);
    }
  }

  #call(): Promise<void> {
    return new Promise((resolve, reject) => this.calls.push({ resolve, reject }));
  }
}
