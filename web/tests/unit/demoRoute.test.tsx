/** The demo page's addresses: what they say, odd ones, and the entries of the browser's history. */

import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WHOLE } from '../../demo/accountView';
import { hrefOf, navigate, type Route, routeOf, useRoute } from '../../demo/route';

const LIST: Route = { page: 'accounts', view: WHOLE };

describe('an address', () => {
  it.each<[string, Route]>([
    ['#/', LIST],
    [
      '#/?q=nasa&platform=youtube&type=my&attention=yes&sort=f7&order=reversed',
      {
        page: 'accounts',
        view: {
          search: 'nasa',
          platform: 'youtube',
          type: 'my',
          needsAttention: true,
          sort: 'f7',
          isReversed: true,
        },
      },
    ],
    ['#/?q=a%20%2B%20b%20%26%20%23%C3%A9%3D1', { page: 'accounts', view: { ...WHOLE, search: 'a + b & #é=1' } }],
    ['#/accounts/youtube_UC123', { page: 'account', id: 'youtube_UC123', days: 30 }],
    ['#/accounts/a%2Fb%3Fc%25?days=365', { page: 'account', id: 'a/b?c%', days: 365 }],
    ['#/notifications', { page: 'notifications' }],
    ['#/webhooks', { page: 'webhooks', id: null }],
    ['#/webhooks/a%2Fb', { page: 'webhooks', id: 'a/b' }],
    ['#/compare', { page: 'compare', ids: [], days: 30 }],
    ['#/compare?ids=a,b%2Cc&days=90', { page: 'compare', ids: ['a', 'b,c'], days: 90 }],
  ])('%s is read as it was written', (href, route) => {
    expect(routeOf(href)).toEqual(route);
    expect(hrefOf(route)).toBe(href);
  });

  it.each<[string, Route]>([
    ['', LIST],
    ['#', LIST],
    ['#/nowhere/at/all', LIST],
    ['#/notifications/mine', LIST],
    ['#/webhooks/one/two', LIST],
    ['#/webhooks/', { page: 'webhooks', id: null }],
    ['#/webhooks/%E0', { page: 'webhooks', id: null }],
    ['#/accounts/', LIST],
    ['#/accounts/%E0%A4', LIST],
    ['#%E0%A4', LIST],
    ['#/accounts/a/b', LIST],
    ['#/?platform=threads&type=partner&sort=luck&order=up&attention=1', LIST],
    ['#/?q=%E0%A4&platform', LIST],
    ['#/?q=two+words', { page: 'accounts', view: { ...WHOLE, search: 'two words' } }],
    ['#youtube_UC123', { page: 'account', id: 'youtube_UC123', days: 30 }],
    ['#a%20b', { page: 'account', id: 'a b', days: 30 }],
    ['#/accounts/a?days=8', { page: 'account', id: 'a', days: 30 }],
    ['#/accounts/a?days=__proto__', { page: 'account', id: 'a', days: 30 }],
    ['#/compare?ids=a,a,,%E0%A4,b,c,d,e,f&days=-1', { page: 'compare', ids: ['a', 'b', 'c', 'd', 'e'], days: 30 }],
  ])('%s that is odd or old means what it can', (hash, route) => {
    expect(routeOf(hash)).toEqual(route);
  });

  it('names five accounts at most', () => {
    expect(hrefOf({ page: 'compare', ids: ['a', 'b', 'c', 'd', 'e', 'f'], days: 30 })).toBe('#/compare?ids=a,b,c,d,e');
  });
});

describe('the page', () => {
  function Shown() {
    const [route] = useRoute();
    return <p>{hrefOf(route)}</p>;
  }
  const shown = () => screen.getByText(/^#/).textContent;
  const search = (text: string) => act(() => navigate({ page: 'accounts', view: { ...WHOLE, search: text } }));

  beforeEach(() => {
    vi.useFakeTimers();
    window.history.replaceState(null, '', '#/');
  });

  afterEach(() => {
    cleanup();
    vi.useRealTimers();
    vi.restoreAllMocks();
    window.history.replaceState(null, '', '#/');
  });

  it('makes an entry of the history, and not the same twice', () => {
    render(<Shown />);
    const pushed = vi.spyOn(window.history, 'pushState');
    act(() => navigate({ page: 'account', id: 'a', days: 90 }));
    act(() => navigate({ page: 'account', id: 'a', days: 90 }));
    expect(shown()).toBe('#/accounts/a?days=90');
    expect(window.location.hash).toBe('#/accounts/a?days=90');
    expect(pushed).toHaveBeenCalledTimes(1);
  });

  it('shows each key of a search at once, and writes it once', () => {
    render(<Shown />);
    const pushed = vi.spyOn(window.history, 'pushState');
    const replaced = vi.spyOn(window.history, 'replaceState');
    for (const text of ['n', 'na', 'nas']) {
      search(text);
      expect(shown()).toBe(`#/?q=${text}`);
    }
    expect(window.location.hash).toBe('#/');
    vi.advanceTimersByTime(1_000);
    expect(window.location.hash).toBe('#/?q=nas');
    expect([pushed.mock.calls.length, replaced.mock.calls.length]).toEqual([0, 1]);
  });

  it('writes a search before it goes on, for the way back', () => {
    render(<Shown />);
    search('nasa');
    const pushed = vi.spyOn(window.history, 'pushState');
    pushed.mockImplementation(() => expect(window.location.hash).toBe('#/?q=nasa'));
    act(() => navigate({ page: 'account', id: 'a', days: 30 }));
    expect(pushed).toHaveBeenCalledTimes(1);
  });

  it('writes a search before a link is followed', () => {
    render(<Shown />);
    search('nasa');
    act(() => document.body.click());
    expect(window.location.hash).toBe('#/?q=nasa');
  });

  it('follows a change of the address, which wins over a search', () => {
    render(<Shown />);
    search('nasa');
    window.history.replaceState(null, '', '#/accounts/b');
    act(() => window.dispatchEvent(new Event('hashchange')));
    vi.advanceTimersByTime(1_000);
    expect(shown()).toBe('#/accounts/b');
    expect(window.location.hash).toBe('#/accounts/b');
  });
});
