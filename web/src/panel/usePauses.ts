import { useEffect, useState } from 'react';
import { PLATFORM_LABELS, type TrackingJob } from '../job';
import type { PlatformPause } from '../pauses';
import type { JobSource } from '../service';
import { useIsBefore } from './browserState';
import { detailOf } from './jobText';
import { usePanelTools } from './panelContext';

const NONE: readonly PlatformPause[] = [];

/** Watch which platforms are paused. None are known while they cannot be read; the jobs' listener tells why. */
export function usePauses(source: JobSource): readonly PlatformPause[] {
  const [pauses, setPauses] = useState(NONE);
  useEffect(() => {
    const forget = () => setPauses(NONE);
    try {
      return source.watchPauses?.(setPauses, forget);
    } catch {
      return forget(); // a source that throws at once does so for the jobs, too, and the page around the panel goes on
    }
  }, [source]);
  return pauses;
}

export interface WaitReason {
  /** For the row; null when the status is enough. */
  word: string | null;
  /** For the details. */
  sentence: string;
}

/** Return why a waiting job waits, beyond its place in the queue; null when nothing else is known. */
export function useWaitReason(job: TrackingJob): WaitReason | null {
  const { words, pauses, clock } = usePanelTools();
  const pause = pauses.find(({ platform }) => platform === job.platform);
  const isPaused = useIsBefore(pause ? pause.until.getTime() + clock.skewMs : 0);
  const isOver = !useIsBefore(untilOf(job) + clock.skewMs);
  const sentence = untilOf(job) && isOver ? null : detailOf(job, words);
  if (job.status !== 'pending') {
    return null;
  }
  if (pause && isPaused) {
    const { paused, pausedUntil } = words.labels;
    const time = words.time(pause.until, new Date(clock.receivedAt));
    return {
      word: pausedUntil(time),
      sentence: paused[pause.reason ?? 'operator'](PLATFORM_LABELS[job.platform], time),
    };
  }
  return sentence ? { word: job.messageCode === 'onHold' ? words.labels.onHold : null, sentence } : null;
}

/** Return the time that the job's sentence names, milliseconds since the epoch; 0 if it names none. */
function untilOf({ messageParams }: TrackingJob): number {
  return Date.parse(`${messageParams.until ?? ''}`) || 0;
}
