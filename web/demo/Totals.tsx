import type { TrackedAccount } from '../src/account';
import { totalsOf } from './accountView';
import { Count } from './Count';

interface TotalsProps {
  accounts: readonly TrackedAccount[];
  /** Whether the project has more accounts than these. */
  hasMore: boolean;
}

/** Show the totals of the accounts, for as long as no account is open. */
export function Totals({ accounts, hasMore }: TotalsProps) {
  return (
    <section className="totals card" aria-labelledby="totals-title">
      <h2 id="totals-title">{hasMore ? `The ${accounts.length} newest accounts` : 'All accounts'}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Platform</th>
            <th scope="col">Accounts</th>
            <th scope="col">Followers</th>
            <th scope="col">Posts</th>
            <th scope="col">Views</th>
          </tr>
        </thead>
        <tbody>
          {totalsOf(accounts).map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}</th>
              <td>
                <Count value={row.accounts} unit={['account', 'accounts']} />
              </td>
              <td>
                <Count value={row.followers} unit={['follower', 'followers']} />
              </td>
              <td>
                <Count value={row.posts} unit={['post', 'posts']} />
              </td>
              <td>
                <Count value={row.views} unit={['view', 'views']} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="detail">Choose an account to see its videos.</p>
    </section>
  );
}
