import { createContext, useContext } from 'react';
import type { TrackingJob } from '../job';
import type { PlatformPause } from '../pauses';
import type { JobSource } from '../service';
import type { ExpectedEnds } from './estimate';
import type { Words } from './words';

/** The clock by which the rows count their seconds. */
export interface RowClock {
  /** Milliseconds that the page's clock is ahead of the jobs' clock; negative when it is behind. */
  skewMs: number;
  /** Time since when the list may be out of date, milliseconds since the epoch; null while it is live. */
  stoppedAt: number | null;
  /** The page's time of the last snapshot, milliseconds since the epoch. */
  receivedAt: number;
}

/** The things that every part of one panel uses. */
export interface PanelTools {
  source: JobSource;
  words: Words;
  clock: RowClock;
  expectedEnds: ExpectedEnds;
  /** Number of earlier jobs of each waiting job, by id. */
  earlier: ReadonlyMap<string, number>;
  /** Whether there may be older jobs than those that are known. */
  isCut: boolean;
  pauses: readonly PlatformPause[];
  /** How often the list has become live again. */
  reconnections: number;
  /** Have the live region say a text. */
  announce: (text: string) => void;
  /** Take ended jobs out of the list. Failed ones stay away in later visits, too. */
  clear: (jobs: readonly Pick<TrackingJob, 'id' | 'status'>[]) => void;
  nameOf: ((userId: string) => string | null | undefined) | undefined;
  onOpenAccount: ((accountId: string, job: TrackingJob) => void) | undefined;
}

export const PanelContext = createContext<PanelTools | null>(null);

export function usePanelTools(): PanelTools {
  const tools = useContext(PanelContext);
  if (!tools) {
    throw new Error('A part of the panel stands outside of it.');
  }
  return tools;
}
