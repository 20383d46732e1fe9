import { full, percent, signed } from './format';

interface GainProps {
  /** Followers gained; negative for lost ones, null if it is not known. */
  value: number | null;
  /** The same as a share of those before: 0.1 is a tenth. Null without a base. */
  share: number | null;
  /** The time, such as `in 7 days`. */
  time: string;
}

/** Show followers gained or lost, with a sign and a colour, and below it their share. Null is a dash. */
export function Gain({ value, share, time }: GainProps) {
  const said = saidOf(value, share, time);
  return (
    <span className={`gain ${value === null ? 'none' : value === 0 ? '' : value > 0 ? 'up' : 'down'}`} title={said}>
      <span className="unseen">{said}</span>
      <span aria-hidden="true">{value === null ? '–' : signed(value)}</span>
      {share !== null && (
        <span className="share" aria-hidden="true">
          {signed(share, percent)}
        </span>
      )}
    </span>
  );
}

function saidOf(value: number | null, share: number | null, time: string): string {
  if (value === null) {
    return `Growth ${time} unknown`;
  }
  const followers = Math.abs(value) === 1 ? 'follower' : 'followers';
  return `${signed(value, full)} ${followers} ${time}${share === null ? '' : `, ${signed(share, percent)}`}`;
}
