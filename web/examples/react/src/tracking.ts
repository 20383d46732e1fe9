/** Firebase and the tracking service of this page, set up once. */

import { TrackingJobService } from 'account-tracking';
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth } from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore';

const env: Record<string, string | undefined> = import.meta.env;

const app = initializeApp({
  apiKey: env.VITE_FIREBASE_API_KEY ?? '',
  authDomain: env.VITE_FIREBASE_AUTH_DOMAIN ?? '',
  projectId: env.VITE_FIREBASE_PROJECT_ID ?? '',
});

export const auth = getAuth(app);
export const firestore = getFirestore(app);
export const scope = { orgId: env.VITE_ORG_ID ?? '', projectId: env.VITE_PROJECT_ID ?? '' };

if (env.VITE_AUTH_EMULATOR) {
  connectAuthEmulator(auth, env.VITE_AUTH_EMULATOR);
}
if (env.VITE_FIRESTORE_EMULATOR) {
  const { hostname, port } = new URL(env.VITE_FIRESTORE_EMULATOR);
  connectFirestoreEmulator(firestore, hostname, Number(port));
}

TrackingJobService.setUp({ firestore, auth, triggerUrl: env.VITE_TRIGGER_URL ?? '' });
