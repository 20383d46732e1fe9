import type { ReactNode } from 'react';
import { WHOLE } from './accountView';
import { Mark } from './DemoIcons';
import { hrefOf, type Route, useRoute } from './route';

interface HeaderProps {
  org: string;
  user: string;
  onSignOut: () => void;
  /** Buttons for the whole page, such as one that lets a day pass. */
  children?: ReactNode;
}

const LINKS: readonly [Route, string][] = [
  [{ page: 'accounts', view: WHOLE }, 'Accounts'],
  [{ page: 'notifications' }, 'Mail'],
  [{ page: 'webhooks', id: null }, 'Webhooks'],
];

export function Header({ org, user, onSignOut, children }: HeaderProps) {
  const [{ page }] = useRoute();
  return (
    <header className="top">
      <a className="product" href={hrefOf({ page: 'accounts', view: WHOLE })}>
        <Mark />
        <span>Account tracking</span>
      </a>
      <span className="org" title="Organisation">
        {org}
      </span>
      <nav className="pages" aria-label="Pages">
        {LINKS.map(([route, name]) => (
          <a key={name} href={hrefOf(route)} aria-current={route.page === page ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <span className="actions">{children}</span>
      <span className="user">{user}</span>
      <button type="button" className="quiet" onClick={onSignOut}>
        Sign out
      </button>
    </header>
  );
}
