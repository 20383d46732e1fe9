'use client';

import { TrackingProvider } from 'account-tracking/panel';
import { TrackingJobService } from 'account-tracking/service';
import { initializeApp } from 'firebase/app';
import { getAuth } from 'firebase/auth';
import { getFirestore } from 'firebase/firestore';
import { type ReactNode, useState } from 'react';

export function Tracking({ children }: { children: ReactNode }) {
  const [service] = useState(() => {
    const app = initializeApp({ projectId: 'demo-consumer', apiKey: 'any' });
    return new TrackingJobService({ firestore: getFirestore(app), auth: getAuth(app) });
  });
  return (
    <TrackingProvider service={service} orgId="acme" projectId="spring">
      {children}
    </TrackingProvider>
  );
}
