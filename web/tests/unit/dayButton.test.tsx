import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DayButton } from '../../demo/DayButton';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const button = () => screen.getByRole('button');
const status = () => screen.getByRole('status').textContent;
const alert = () => screen.getByRole('alert').textContent;

/** Render the button with answers of the local stack, in their order. Returns the mock of fetch. */
function show(...answers: (() => Promise<Response>)[]) {
  const fetching = vi.fn<typeof fetch>(async () =>
    (answers.shift() ?? (() => Promise.reject(new Error('no answer'))))(),
  );
  vi.stubGlobal('fetch', fetching);
  render(<DayButton url="./day" />);
  return fetching;
}

const passed =
  (day: number, waiting = 0) =>
  async () =>
    Response.json({ day, fetched: 4, waiting });

describe('the button of a day', () => {
  it('asks the local stack, and says which day it is', async () => {
    const fetching = show(passed(1), passed(2));
    await userEvent.click(button());
    expect(fetching).toHaveBeenCalledExactlyOnceWith('./day', { method: 'POST' });
    expect(status()).toBe('Day 1');
    await userEvent.click(button());
    expect(status()).toBe('Day 2');
    expect(alert()).toBe('');
  });

  it('is busy meanwhile, and asks once', async () => {
    let end = (_: Response) => {};
    const fetching = show(() => new Promise((resolve) => (end = resolve)));
    await userEvent.dblClick(button());
    expect(button().textContent).toBe('A day passes…');
    expect(button().getAttribute('aria-disabled')).toBe('true');
    expect(fetching).toHaveBeenCalledOnce();
    end(Response.json({ day: 7, fetched: 4, waiting: 0 }));
    expect(await screen.findByText('Day 7')).toBeTruthy();
    expect(button().textContent).toBe('Let a day pass');
    expect(button().getAttribute('aria-disabled')).toBe('false');
  });

  it.each([
    [1, 'Day 3, one account is not fetched yet'],
    [2, 'Day 3, 2 accounts are not fetched yet'],
  ])('tells of %i accounts that still wait', async (waiting, text) => {
    show(passed(3, waiting));
    await userEvent.click(button());
    expect(status()).toBe(text);
  });

  it('shows the sentence of a refusal, until the next day', async () => {
    show(async () => Response.json({ error: 'One job is still running.' }, { status: 409 }), passed(1));
    await userEvent.click(button());
    expect(alert()).toBe('One job is still running.');
    expect(status()).toBe('');
    await userEvent.click(button());
    expect(alert()).toBe('');
    expect(status()).toBe('Day 1');
  });

  it.each([
    ['nobody', () => Promise.reject(new TypeError('Failed to fetch'))],
    ['a page', async () => new Response('<!doctype html>', { status: 502 })],
    ['something odd', async () => Response.json(null)],
  ])('says so if %s answers', async (_, answer) => {
    show(answer);
    await userEvent.click(button());
    expect(alert()).toBe('The local stack does not answer. Does it run?');
    expect(button().getAttribute('aria-disabled')).toBe('false');
  });
});
