import { TrackingJobService, TrackingJobsPanel, TrackingProvider } from 'account-tracking';
import { onAuthStateChanged, signOut, type User } from 'firebase/auth';
import { useEffect, useState } from 'react';
import { Accounts } from './Accounts';
import { SignIn } from './SignIn';
import { TrackForm } from './TrackForm';
import { auth, scope } from './tracking';

export function App() {
  const user = useUser();
  return (
    <TrackingProvider service={TrackingJobService} {...scope}>
      <main>
        <h1>Tracked accounts</h1>
        {user === undefined && <p>Loading…</p>}
        {user === null && <SignIn />}
        {user && (
          <>
            <button type="button" onClick={() => void signOut(auth)}>
              Sign out
            </button>
            <TrackForm userId={user.uid} />
            <Accounts />
            <TrackingJobsPanel />
          </>
        )}
      </main>
    </TrackingProvider>
  );
}

/** Return who is signed in: undefined until that is known, null for nobody. */
function useUser(): User | null | undefined {
  const [user, setUser] = useState<User | null | undefined>(undefined);
  useEffect(() => onAuthStateChanged(auth, setUser), []);
  return user;
}
