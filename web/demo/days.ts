/** Days of UTC, as histories have them. */

export const DAY_MS = 24 * 60 * 60 * 1000;

/** The day, such as `2026-11-30`, that is `days` days before a moment or before another day. */
export function dayBefore(when: Date | string, days: number): string {
  return new Date(new Date(when).getTime() - days * DAY_MS).toISOString().slice(0, 10);
}
