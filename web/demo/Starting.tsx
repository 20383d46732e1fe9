import { Mark } from './DemoIcons';

/** The page before it knows who is signed in. `index.html` has the same, for the time until this code is loaded. */
export function Starting() {
  return (
    <main className="notice starting" aria-busy="true">
      <Mark />
      <h1>Account tracking</h1>
      <p>Loading…</p>
    </main>
  );
}
