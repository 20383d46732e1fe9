import type { ReactNode } from 'react';
import { WHOLE } from './accountView';
import { Mark } from './DemoIcons';
import { hrefOf } from './route';

interface HeaderProps {
  org: string;
  user: string;
  onSignOut: () => void;
  /** Buttons for the whole page, such as one that lets a day pass. */
  children?: ReactNode;
}

export function Header({ org, user, onSignOut, children }: HeaderProps) {
  return (
    <header className="top">
      <a className="product" href={hrefOf({ page: 'accounts', view: WHOLE })}>
        <Mark />
        <span>Account tracking</span>
      </a>
      <span className="org" title="Organisation">
        {org}
      </span>
      <span className="actions">{children}</span>
      <span className="user">{user}</span>
      <button type="button" className="quiet" onClick={onSignOut}>
        Sign out
      </button>
    </header>
  );
}
