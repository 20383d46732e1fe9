import { type TrackedAccount, type TrackingJobError, watchAccounts } from 'account-tracking';
import { useEffect, useState } from 'react';
import { auth, firestore, scope } from './tracking';

/** List of the project's newest accounts, live. */
export function Accounts() {
  const [accounts, setAccounts] = useState<TrackedAccount[]>([]);
  const [error, setError] = useState<TrackingJobError | null>(null);

  useEffect(
    () =>
      watchAccounts(
        { firestore, auth },
        scope,
        ({ items }) => {
          setAccounts(items);
          setError(null);
        },
        setError,
      ),
    [],
  );

  if (error) {
    return <p role="alert">{error.message}</p>;
  }
  return (
    <ul>
      {accounts.map(({ id, displayName, followerCount }) => (
        <li key={id}>
          {displayName}
          {followerCount !== null && `: ${followerCount.toLocaleString()} followers`}
        </li>
      ))}
    </ul>
  );
}
