import { FirebaseError } from 'firebase/app';
import { type Auth, signInWithEmailAndPassword } from 'firebase/auth';
import { useState } from 'react';
import type { DemoUser } from './config';
import { Mark } from './DemoIcons';

interface SignInProps {
  auth: Auth;
  users: DemoUser[];
}

/** Choose one of the demo's users and sign in. */
export function SignIn({ auth, users }: SignInProps) {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');

  async function signIn(user: DemoUser): Promise<void> {
    setBusy(true);
    setFailure('');
    try {
      await signInWithEmailAndPassword(auth, user.email, user.password);
    } catch (error) {
      setFailure(sentenceOf(error));
      setBusy(false);
    }
  }

  return (
    <main className="sign-in">
      <Mark />
      <h1>Account tracking</h1>
      <p>Track social accounts while you do something else. Choose who you are on this machine.</p>
      <ul>
        {users.map((user) => (
          <li key={user.email}>
            <button type="button" className="secondary" disabled={isBusy} onClick={() => void signIn(user)}>
              Sign in as {user.label}
            </button>
          </li>
        ))}
      </ul>
      <p className="problem" role="alert">
        {failure}
      </p>
    </main>
  );
}

function sentenceOf(error: unknown): string {
  const code = error instanceof FirebaseError ? error.code : '';
  if (code === 'auth/network-request-failed') {
    return 'Sign-in does not answer. Check that the local stack is running.';
  }
  return 'Sign-in was refused. Stop and start the local stack, which makes the demo users anew.';
}
