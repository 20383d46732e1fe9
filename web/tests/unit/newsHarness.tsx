import { act, cleanup, render, screen } from '@testing-library/react';
import userEvent, { type UserEvent } from '@testing-library/user-event';
import { type ReactElement, StrictMode } from 'react';
import { afterEach, beforeEach, vi } from 'vitest';
import { NEWS_SOURCE } from '../newsFakes';

export let user: UserEvent;
export const PAGE = { source: NEWS_SOURCE, orgId: 'org' };

/** Give each test of news a fake clock, at noon of a Monday, and a clean page. */
export function setupNewsTest(): void {
  beforeEach(() => {
    vi.useFakeTimers({ shouldAdvanceTime: true, now: new Date(2026, 10, 30, 12, 0, 30) });
    user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
  });

  afterEach(() => {
    cleanup();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });
}

export function mountNews(page: ReactElement) {
  const view = render(<StrictMode>{page}</StrictMode>);
  return { ...view, change: (next: ReactElement) => view.rerender(<StrictMode>{next}</StrictMode>) };
}

/** Let promises of the fakes settle. */
export async function settle(): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(0);
  });
}

export const button = (name: string | RegExp) => screen.getByRole('button', { name });
export const press = (name: string | RegExp) => user.click(button(name));
export const choose = (name: string | RegExp) => user.click(screen.getByRole('radio', { name }));
export const check = (name: string | RegExp) => user.click(screen.getByRole('checkbox', { name }));
/** The sentence of the page's live region. */
export const announced = () => document.querySelector('.tracking-news > [role="status"]')?.textContent;
export const alerts = () => screen.queryAllByRole('alert').flatMap(({ textContent }) => textContent || []);
