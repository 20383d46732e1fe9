import { trackingJobError, UnavailableError } from './errors';

/**
 * A network that swallows everything lets a call hang for minutes: Firestore sets none of its calls a limit that a
 * browser keeps, and meanwhile begins no other.
 */
const DEADLINE_MS = 15_000;

/** The call's answer, or one of our errors; UnavailableError when there is neither in time. The call itself goes on. */
export async function withTimeout<T>(call: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UnavailableError()), DEADLINE_MS);
  });
  try {
    return await Promise.race([call, late]);
  } catch (thrown) {
    throw trackingJobError(thrown);
  } finally {
    clearTimeout(timer);
  }
}
