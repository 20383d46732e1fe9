/** Fake of Auth: somebody is signed in, and the test signs people in and out. */

import type { Auth } from 'firebase/auth';

export class SignIns {
  readonly #listeners = new Set<(user: object | null) => void>();
  #user: object | null;
  readonly auth: Auth;

  constructor(user: object | null = { uid: 'mia' }) {
    this.#user = user;
    const currentUser = () => this.#user;
    this.auth = {
      get currentUser() {
        return currentUser();
      },
      authStateReady: async () => {},
      onAuthStateChanged: (listener: (user: object | null) => void) => {
        this.#listeners.add(listener);
        queueMicrotask(() => this.#listeners.has(listener) && listener(this.#user)); // as Auth does
        return () => this.#listeners.delete(listener);
      },
    } as unknown as Auth;
  }

  get heardBy(): number {
    return this.#listeners.size;
  }

  change(user: object | null): void {
    this.#user = user;
    for (const listener of this.#listeners) {
      listener(user);
    }
  }
}
