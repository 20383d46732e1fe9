import type { TrackedAccount } from '../src/account';
import { Icon } from './DemoIcons';
import { Picture } from './Picture';

/** The display name, with marks for verified and private accounts. It keeps its own direction, such as right to left. */
export function Name({ account }: { account: TrackedAccount }) {
  return (
    <span className="name">
      <bdi className="text">{account.displayName}</bdi>
      {account.isVerified && <Icon name="verified" label="verified" />}
      {account.isPrivate && <Icon name="lock" label="private" />}
    </span>
  );
}

/** The account's picture, or the first letter of its name while there is no picture. */
export function Avatar({ account }: { account: TrackedAccount }) {
  const [initial = '?'] = account.displayName || account.username;
  return (
    <Picture sources={[account.avatar, account.avatarUrl]} className={`avatar tone-${toneOf(account.id)}`}>
      {initial.toUpperCase()}
    </Picture>
  );
}

/** Choose one of six colours, always the same one for an account. */
function toneOf(id: string): number {
  return [...id].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % 6;
}
