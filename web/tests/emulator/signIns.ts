/** Fake of Auth for listeners: it reports who signs in and out. */

import type { Auth } from 'firebase/auth';

export class SignIns {
  readonly #listeners = new Set<(user: object | null) => void>();
  readonly auth = {
    onAuthStateChanged: (listener: (user: object | null) => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
  } as unknown as Auth;

  get heardBy(): number {
    return this.#listeners.size;
  }

  change(user: object | null): void {
    for (const listener of this.#listeners) {
      listener(user);
    }
  }
}
