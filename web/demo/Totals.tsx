import type { TrackedAccount } from '../src/account';
import { totalsOf } from './accountView';
import { Count } from './Count';
import { full } from './format';
import { Gain } from './Gain';

interface TotalsProps {
  shown: readonly TrackedAccount[];
  /** Number of all accounts, of which a filter may leave some out. */
  all: number;
}

/** A line of totals of the accounts that the list shows. */
export function Totals({ shown, all }: TotalsProps) {
  const { accounts, followers, gained, measured } = totalsOf(shown);
  const isPart = measured > 0 && measured < accounts;
  return (
    <dl className="totals">
      <div>
        <dt>{accounts < all ? `of ${accountsIn(all)}` : accounts === 1 ? 'account' : 'accounts'}</dt>
        <dd>{full(accounts)}</dd>
      </div>
      <div>
        <dt>followers</dt>
        <dd>
          <Count value={followers} unit={['follower', 'followers']} />
        </dd>
      </div>
      <div>
        <dt>gained in 7 days{isPart && ` by ${accountsIn(measured)}`}</dt>
        <dd>
          <Gain value={gained} share={null} time="in 7 days" />
        </dd>
      </div>
    </dl>
  );
}

function accountsIn(count: number): string {
  return `${full(count)} ${count === 1 ? 'account' : 'accounts'}`;
}
