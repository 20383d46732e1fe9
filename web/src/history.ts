/**
 * The history of an account and its videos, as a front end sees it. `contracts/history.json` describes the documents
 * for Python and for this module; a test compares this module with it.
 *
 * Days are UTC days. A list has an entry for each day of its time, oldest first. On a day without a fetch all values
 * are null. A value is also null when the platform hides it, never 0. Nothing is interpolated.
 */

/** An account on one day, as its last fetch of the day found it. */
export interface HistoryPoint {
  /** `2026-11-30`. */
  day: string;
  /** When it was fetched. */
  at: Date | null;
  followers: number | null;
  following: number | null;
  posts: number | null;
  /** The platform's total of views. */
  views: number | null;
  /** Videos that are new since the point before; null on the account's first day. */
  newVideos: number | null;
  /** The sum of the views of the tracked videos. */
  videoViews: number | null;
}

/** A video on one day, as its last fetch of the day found it. */
export interface VideoHistoryPoint {
  /** `2026-11-30`. */
  day: string;
  views: number | null;
  likes: number | null;
  comments: number | null;
  shares: number | null;
}
