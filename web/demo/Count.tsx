import type { ReactNode } from 'react';
import { compact, full } from './format';

interface CountProps {
  value: number | null;
  /** Singular and plural, such as `['view', 'views']`. */
  unit: readonly [string, string];
  /** An icon before the number, hidden from screen readers. */
  children?: ReactNode;
}

/** Show a count: short on the screen, exact for screen readers. Null is a dash. */
export function Count({ value, unit, children }: CountProps) {
  const said = value === null ? `${unit[1]} not known` : `${full(value)} ${unit[value === 1 ? 0 : 1]}`;
  return (
    <span className={value === null ? 'count none' : 'count'} title={said}>
      <span aria-hidden="true">
        {children}
        {value === null ? '–' : compact(value)}
      </span>
      <span className="unseen">{said}</span>
    </span>
  );
}
