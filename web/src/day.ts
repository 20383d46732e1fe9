/** 24 hours, as each day of UTC has. */
export const DAY_MS = 24 * 60 * 60 * 1000;
