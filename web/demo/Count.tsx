import type { ReactNode } from 'react';
import { compact, full } from './format';

interface CountProps {
  value: number | null;
  /** One and many, such as `['view', 'views']`. */
  unit: readonly [string, string];
  /** What stands before the number for those who see it. */
  children?: ReactNode;
}

/** A count, short to the eye and exact to a screen reader; unknown is a dash and said to be hidden, never 0. */
export function Count({ value, unit, children }: CountProps) {
  const said = value === null ? `${unit[1]} hidden` : `${full(value)} ${unit[value === 1 ? 0 : 1]}`;
  return (
    <span className="count" title={said}>
      <span aria-hidden="true">
        {children}
        {value === null ? '–' : compact(value)}
      </span>
      <span className="unseen">{said}</span>
    </span>
  );
}
