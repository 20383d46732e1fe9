/** The demo's pages of news: their links, addresses, and the note that the user sees the jobs. */

import { act, cleanup, render, renderHook, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Header } from '../../demo/Header';
import { NewsPages } from '../../demo/news/NewsPages';
import { useNoteSeen } from '../../demo/news/useNoteSeen';
import { useRoute } from '../../demo/route';
import { FakeNews, makeEndpoint, makeSettings, NEWS_SOURCE, REFUSED } from '../newsFakes';

beforeEach(() => {
  window.location.hash = '';
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** The header and the pages of news, as the demo has them. */
function Page({ news }: { news: FakeNews }) {
  const [route, navigate] = useRoute();
  return (
    <>
      <Header org="org" user="ada" onSignOut={() => {}} />
      {(route.page === 'notifications' || route.page === 'webhooks') && (
        <NewsPages source={NEWS_SOURCE} orgId="org" access={news} route={route} onRoute={navigate} />
      )}
    </>
  );
}

const link = (name: string) => screen.getByRole('link', { name });
const title = () => screen.getByRole('heading', { level: 2 }).textContent;

/** Go where a link leads, as a browser does; happy-dom follows no links. */
async function follow(name: string): Promise<void> {
  act(() => {
    window.location.hash = link(name).getAttribute('href') ?? '';
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  });
}

describe('the pages of news', () => {
  test('are reached from the header, which names the page', async () => {
    render(<Page news={new FakeNews({ endpoints: [], settings: makeSettings() })} />);
    expect(link('Accounts').getAttribute('aria-current')).toBe('page');
    await follow('Mail');
    expect(title()).toBe('Mail');
    await follow('Webhooks');
    expect(title()).toBe('Webhooks');
    expect(link('Webhooks').getAttribute('aria-current')).toBe('page');
    expect(link('Accounts').getAttribute('aria-current')).toBeNull();
  });

  test('have an address for each endpoint', async () => {
    render(<Page news={new FakeNews({ endpoints: [makeEndpoint()], deliveries: [] })} />);
    await follow('Webhooks');
    await userEvent.click(link('hooks.example.com/tracking'));
    expect(window.location.hash).toBe('#/webhooks/endpoint1');
    expect(title()).toBe('https://hooks.example.com/tracking');
    expect(link('Webhooks').getAttribute('aria-current')).toBe('page');
    await userEvent.click(link('All endpoints'));
    expect(window.location.hash).toBe('#/webhooks');
  });

  test('say to members that webhooks are not for them', async () => {
    render(<Page news={new FakeNews({ error: REFUSED })} />);
    await follow('Webhooks');
    expect(screen.getByRole('alert').textContent).toMatch(/^Only owners and admins/);
  });
});

test('the demo notes each minute, and at a return, that it is seen', () => {
  vi.useFakeTimers();
  const note = vi.fn(async () => {});
  const { unmount } = renderHook(() => useNoteSeen(NEWS_SOURCE, 'org', note));
  expect(note).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10_000);
  expect(note.mock.calls).toEqual([[NEWS_SOURCE, 'org']]);
  vi.advanceTimersByTime(50_000);
  expect(note).toHaveBeenCalledTimes(2);
  document.dispatchEvent(new Event('visibilitychange'));
  expect(note).toHaveBeenCalledTimes(3);
  unmount();
  vi.advanceTimersByTime(120_000);
  document.dispatchEvent(new Event('visibilitychange'));
  expect(note).toHaveBeenCalledTimes(3);
});
