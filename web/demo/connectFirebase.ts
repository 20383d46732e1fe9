import { initializeApp } from 'firebase/app';
import { type Auth, browserLocalPersistence, connectAuthEmulator, initializeAuth } from 'firebase/auth';
import { connectFirestoreEmulator, type Firestore, getFirestore } from 'firebase/firestore';
import type { DemoConfig } from './config';

/**
 * Connect Firebase to the local stack's addresses. The sign-in is kept in local storage. `initializeAuth` leaves the
 * code for pop-ups out of the bundle.
 */
export function connect(config: DemoConfig): { auth: Auth; firestore: Firestore } {
  const app = initializeApp({ projectId: config.projectId, apiKey: 'emulators-take-any' });
  const auth = initializeAuth(app, { persistence: browserLocalPersistence });
  connectAuthEmulator(auth, config.auth, { disableWarnings: true });
  const firestore = getFirestore(app);
  const address = new URL(`http://${config.firestore}`);
  connectFirestoreEmulator(firestore, address.hostname, Number(address.port));
  return { auth, firestore };
}
