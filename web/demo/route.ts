/**
 * The page's address, which says what the page shows. All of it is in the part behind `#`, since the page is a file that
 * may lie under any path:
 *
 *     #/?q=nasa&platform=youtube&type=my&sort=f7     the list of accounts
 *     #/accounts/youtube_UC123?days=90               one account; `#youtube_UC123` means it, too, as in older links
 *     #/compare?ids=youtube_UC123,tiktok_42&days=90  accounts side by side
 *     #/notifications                                the user's settings for mail
 *     #/webhooks, #/webhooks/4cXuB                   the organisation's webhooks; one of them
 *
 * What is not said has its default. Anybody may edit an address, so what makes no sense has its default, too.
 */

import { useCallback, useMemo, useSyncExternalStore } from 'react';
import { ACCOUNT_TYPES, PLATFORMS } from '../src/job';
import { ACCOUNT_SORTS, type AccountView, WHOLE } from './accountView';

export const RANGES = [7, 30, 90, 365] as const;
export type Range = (typeof RANGES)[number];
export const DEFAULT_RANGE: Range = 30;
export const MOST_COMPARED = 5;

export type Route =
  | { page: 'accounts'; view: AccountView }
  | { page: 'account'; id: string; days: Range }
  /** At most `MOST_COMPARED` ids, each once. */
  | { page: 'compare'; ids: string[]; days: Range }
  | { page: 'notifications' }
  /** All webhooks if `id` is null. */
  | { page: 'webhooks'; id: string | null };

/** Return the address of a route, such as `#/accounts/youtube_UC123`, for links. */
export function hrefOf(route: Route): string {
  switch (route.page) {
    case 'accounts':
      return `#/${queryOf(parametersOf(route.view))}`;
    case 'account':
      return `#/accounts/${encodeURIComponent(route.id)}${queryOf({ days: daysOf(route.days) })}`;
    case 'compare': {
      const ids = route.ids.slice(0, MOST_COMPARED).map(encodeURIComponent).join(',');
      return `#/compare${queryOf({ days: daysOf(route.days) }, ids && `ids=${ids}`)}`;
    }
    case 'notifications':
      return '#/notifications';
    case 'webhooks':
      return route.id === null ? '#/webhooks' : `#/webhooks/${encodeURIComponent(route.id)}`;
  }
}

function parametersOf({ search, platform, type, needsAttention, sort, isReversed }: AccountView) {
  return {
    q: search,
    platform,
    type,
    attention: needsAttention && 'yes',
    sort: sort !== WHOLE.sort && sort,
    order: isReversed && 'reversed',
  };
}

function daysOf(days: Range): string | false {
  return days !== DEFAULT_RANGE && String(days);
}

function queryOf(parameters: Readonly<Record<string, string | false | null>>, first = ''): string {
  const others = Object.entries(parameters).map(([name, value]) =>
    value ? `${name}=${encodeURIComponent(value)}` : '',
  );
  const query = [first, ...others].filter((part) => part !== '').join('&');
  return query && `?${query}`;
}

/** Read an address, with or without `#`. */
export function routeOf(hash: string): Route {
  const address = hash.replace(/^#/, '');
  if (!address.startsWith('/')) {
    return accountRoute(address, {}) ?? { page: 'accounts', view: WHOLE };
  }
  const [path = '', ...rest] = address.slice(1).split('?');
  const raw = rawParametersOf(rest.join('?'));
  const [first, id = '', ...further] = path.split('/');
  if (first === 'accounts' && further.length === 0) {
    const account = accountRoute(id, raw);
    if (account) {
      return account;
    }
  }
  if (first === 'compare') {
    const ids = (raw.ids ?? '').split(',').flatMap((part) => decoded(part) || []);
    return { page: 'compare', ids: [...new Set(ids)].slice(0, MOST_COMPARED), days: rangeOf(raw) };
  }
  if (first === 'notifications' && id === '' && further.length === 0) {
    return { page: 'notifications' };
  }
  if (first === 'webhooks' && further.length === 0) {
    return { page: 'webhooks', id: decoded(id) || null };
  }
  return { page: 'accounts', view: viewIn(raw) };
}

type RawParameters = Readonly<Record<string, string | undefined>>;

function accountRoute(rawId: string, raw: RawParameters): Route | null {
  const id = decoded(rawId);
  return id ? { page: 'account', id, days: rangeOf(raw) } : null;
}

function viewIn(raw: RawParameters): AccountView {
  const one = <T extends string>(choices: readonly T[], name: string) =>
    choices.find((choice) => choice === raw[name]) ?? null;
  return {
    search: decoded((raw.q ?? '').replaceAll('+', ' ')) ?? '',
    platform: one(PLATFORMS, 'platform'),
    type: one(ACCOUNT_TYPES, 'type'),
    needsAttention: raw.attention === 'yes',
    sort: one(ACCOUNT_SORTS, 'sort') ?? WHOLE.sort,
    isReversed: raw.order === 'reversed',
  };
}

function rangeOf({ days }: RawParameters): Range {
  return RANGES.find((range) => String(range) === days) ?? DEFAULT_RANGE;
}

/** Cut a query into its values, still encoded: a comma of an id must not be taken for one between ids. */
function rawParametersOf(query: string): RawParameters {
  const pairs = query.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [name, value.join('=')] as const;
  });
  return Object.fromEntries(pairs);
}

/** Null for an address that somebody cut in the middle of a `%xx`. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/*
 * A typed search changes the address at each key. It replaces the entry of the browser's history and does not add one,
 * and only when no key was pressed for a moment: Safari refuses more than 100 changes in 30 seconds. Until then
 * `unwritten` is what the page shows.
 */
const WRITTEN_AFTER_MS = 300;
let unwritten: string | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function read(): string {
  return unwritten ?? window.location.hash;
}

function notify(): void {
  for (const listener of listeners) {
    listener();
  }
}

function write(): void {
  clearTimeout(timer);
  if (unwritten !== null) {
    window.history.replaceState(window.history.state, '', unwritten);
    unwritten = null;
  }
}

/** The address was changed by the Back button, a link or a person: that is newer than what was typed. */
function onHashChange(): void {
  clearTimeout(timer);
  unwritten = null;
  notify();
}

/** A click on a link leaves the page's present entry, which must be right when Back returns to it. */
function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    window.addEventListener('hashchange', onHashChange);
    window.addEventListener('click', write, true);
    window.addEventListener('pagehide', write);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      write();
      window.removeEventListener('hashchange', onHashChange);
      window.removeEventListener('click', write, true);
      window.removeEventListener('pagehide', write);
    }
  };
}

/** Go to a route. It becomes a new entry of the history, unless only the search is another. */
export function navigate(route: Route): void {
  const href = hrefOf(route);
  const present = routeOf(read());
  if (isSearchOf(route, present)) {
    unwritten = href;
    clearTimeout(timer);
    timer = setTimeout(write, WRITTEN_AFTER_MS);
  } else if (href !== hrefOf(present)) {
    write();
    window.history.pushState(null, '', href);
  }
  notify();
}

function isSearchOf(next: Route, present: Route): boolean {
  return (
    next.page === 'accounts' &&
    present.page === 'accounts' &&
    next.view.search !== present.view.search &&
    hrefOf({ page: 'accounts', view: { ...next.view, search: present.view.search } }) === hrefOf(present)
  );
}

/** Return what the address says, and a function that goes elsewhere. */
export function useRoute(): [Route, (route: Route) => void] {
  const hash = useSyncExternalStore(subscribe, read);
  const route = useMemo(() => routeOf(hash), [hash]);
  return [route, useCallback(navigate, [])];
}
