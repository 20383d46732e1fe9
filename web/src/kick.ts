import type { Auth } from 'firebase/auth';

const TIMEOUT_MS = 5_000;

/**
 * Asks the functions to look for jobs now instead of at the next minute. Best effort: after any failure the minute's
 * tick finds the job.
 */
export class Kick {
  readonly #auth: Auth | undefined;
  readonly #url: string | undefined;
  #inFlight: Promise<boolean> | null = null;
  #next: Promise<boolean> | null = null;

  constructor(auth: Auth | undefined, url: string | undefined) {
    this.#auth = auth;
    this.#url = url;
  }

  /**
   * Send a kick; resolves to whether it was accepted, and never rejects. Calls that come during a kick share one more
   * kick, which follows: the tick of the first kick may have read the queue before their jobs were written.
   */
  send(): Promise<boolean> {
    if (this.#inFlight === null) {
      return this.#start();
    }
    this.#next ??= this.#inFlight.then(() => {
      this.#next = null;
      return this.#start();
    });
    return this.#next;
  }

  #start(): Promise<boolean> {
    this.#inFlight = this.#post()
      .catch(() => false)
      .finally(() => {
        this.#inFlight = null;
      });
    return this.#inFlight;
  }

  async #post(): Promise<boolean> {
    await this.#auth?.authStateReady();
    const token = await this.#auth?.currentUser?.getIdToken();
    if (!this.#url || !token) {
      return false;
    }
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      mode: 'cors',
      credentials: 'omit',
      keepalive: true, // the user may close the tab at once
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.arrayBuffer(); // an unread body keeps the request open, until the time-out shows it as failed
    return response.ok;
  }
}
