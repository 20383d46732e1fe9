import { full, signed } from '../format';

interface ChangeProps {
  value: number | null;
  /** Such as `followers in 7 days`, for screen readers and on a pointer. */
  of: string;
}

/** Show a change with its sign: short on the screen, exact for screen readers. Null is a dash. */
export function Change({ value, of }: ChangeProps) {
  const said = value === null ? `${of}: not known` : `${signed(value, full)} ${of}`;
  const kind = value === null || value === 0 ? 'none' : value > 0 ? 'more' : 'less';
  return (
    <span className={`acc-change acc-change-${kind}`} title={said}>
      <span aria-hidden="true">{value === null ? '–' : signed(value)}</span>
      <span className="unseen">{said}</span>
    </span>
  );
}
