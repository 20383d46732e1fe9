import type { DeliveryState } from '../news';

const PATHS = {
  good: 'm5 8.2 2.1 2.1L11 6M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  bad: 'M8 4.8v4M8 11h.01M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  waiting: 'M8 4.6V8l2.2 1.6M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  none: 'M5.5 8h5M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  off: 'M8 2.5v5M4.6 4.4a5 5 0 1 0 6.8 0',
  chevron: 'm6 4 4 4-4 4',
  back: 'm10 4-4 4 4 4',
} as const;

export type NewsMark = keyof typeof PATHS;

/** Icons of our own. Each stands beside words that say the same, so screen readers skip it. */
export function NewsIcon({ mark }: { mark: NewsMark }) {
  return (
    <svg
      className={`tracking-news__icon tracking-news__icon--${mark}`}
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[mark]} />
    </svg>
  );
}

export const MARKS: Readonly<Record<DeliveryState, NewsMark>> = {
  pending: 'waiting',
  delivered: 'good',
  failed: 'bad',
  skipped: 'none',
};
