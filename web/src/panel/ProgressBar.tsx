import type { CSSProperties } from 'react';
import type { JobStatus } from '../job';

interface ProgressBarProps {
  /** Name of the job for screen readers. */
  name: string;
  /** 0 to 100; not shown for a waiting job. */
  value: number;
  valueText: string;
  status: JobStatus;
  /** Number of the attempt. A new attempt gets a new fill, so that the bar never runs backwards. */
  attempt?: number;
}

export function ProgressBar({ name, value, valueText, status, attempt = 0 }: ProgressBarProps) {
  const isWaiting = status === 'pending';
  return (
    <div
      className={`tracking-panel__bar tracking-panel__bar--${status}`}
      role="progressbar"
      aria-label={name}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={isWaiting ? undefined : value}
      aria-valuetext={valueText}
    >
      {!isWaiting && (
        <div key={attempt} className="tracking-panel__fill" style={{ '--_value': value / 100 } as CSSProperties} />
      )}
    </div>
  );
}
