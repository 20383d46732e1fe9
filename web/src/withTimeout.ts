import { TrackingJobError, trackingJobError } from './errors';

/**
 * Time limit of a call. On a network that drops every packet, a call would not end for minutes. Firestore sets no time
 * limit that a browser keeps, and starts no other call meanwhile.
 */
const DEADLINE_MS = 15_000;

/** Wait for a call. Rejects with a TrackingJobError: `unavailable` after the deadline, though the call itself goes on. */
export async function withTimeout<T>(call: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TrackingJobError('unavailable')), DEADLINE_MS);
  });
  try {
    return await Promise.race([call, late]);
  } catch (thrown) {
    throw trackingJobError(thrown);
  } finally {
    clearTimeout(timer);
  }
}
