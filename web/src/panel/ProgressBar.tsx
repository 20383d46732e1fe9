import type { JobStatus } from '../job';

interface ProgressBarProps {
  /** What is progressing, for those who do not see where the bar stands. */
  name: string;
  /** 0 to 100; a waiting job's is not shown. */
  value: number;
  valueText: string;
  status: JobStatus;
  /** A bar never runs backwards: another attempt has another fill. */
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
      <div
        key={isWaiting ? 'waiting' : attempt}
        className="tracking-panel__fill"
        style={isWaiting ? undefined : { inlineSize: `${value}%` }}
      />
    </div>
  );
}
