import { signInWithEmailAndPassword } from 'firebase/auth';
import { useState } from 'react';
import { auth } from './tracking';

export function SignIn() {
  const [problem, setProblem] = useState('');

  async function signIn(form: FormData): Promise<void> {
    setProblem('');
    try {
      await signInWithEmailAndPassword(auth, String(form.get('email')), String(form.get('password')));
    } catch {
      setProblem('That did not work. Check the e-mail address and the password.');
    }
  }

  return (
    <form action={signIn}>
      <label>
        E-mail
        <input name="email" type="email" autoComplete="email" required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button type="submit">Sign in</button>
      <p role="alert">{problem}</p>
    </form>
  );
}
