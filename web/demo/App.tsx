import { type Auth, onAuthStateChanged, signOut, type User } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';
import { useEffect, useState } from 'react';
import type { DemoConfig } from './config';
import { DayButton } from './DayButton';
import { Header } from './Header';
import { SignIn } from './SignIn';
import { Starting } from './Starting';
import { Workspace } from './Workspace';

interface AppProps {
  config: DemoConfig;
  auth: Auth;
  firestore: Firestore;
}

export function App({ config, auth, firestore }: AppProps) {
  const user = useUser(auth);
  if (user === 'unknown') {
    return <Starting />;
  }
  const known = config.users.find(({ email }) => email === user?.email);
  if (!user || !known) {
    return <SignIn auth={auth} users={config.users} />;
  }
  return (
    <>
      <Header org={known.orgId} user={known.email} onSignOut={() => void signOut(auth)}>
        {config.dayUrl && <DayButton url={config.dayUrl} />}
      </Header>
      <Workspace
        key={user.uid}
        auth={auth}
        firestore={firestore}
        triggerUrl={config.triggerUrl}
        newsUrl={config.newsUrl}
        userId={user.uid}
        orgId={known.orgId}
        projectId={known.trackedProjectId}
        samples={config.samples}
      />
    </>
  );
}

/** Return the signed-in user, or 'unknown' until Firebase has read the sign-in of the last visit. */
function useUser(auth: Auth): User | null | 'unknown' {
  const [user, setUser] = useState<User | null | 'unknown'>('unknown');
  useEffect(() => onAuthStateChanged(auth, setUser), [auth]);
  return user;
}
