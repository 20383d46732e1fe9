/** Many accounts at once: what a pasted text means, what is said before, and what happens when jobs fail. */

import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { pastedOf, startAll } from '../../demo/bulk';
import { type Track, TrackForm } from '../../demo/TrackForm';
import { TrackingJobError } from '../../src/errors';
import { checkUsername } from '../../src/username';

afterEach(cleanup);

const none = () => null;

describe('a pasted text', () => {
  const read = (text: string) =>
    pastedOf(text, 'youtube', none).map(({ line, typed, platform }) => [line, typed, platform]);

  it.each<[string, ReturnType<typeof read>]>([
    ['', []],
    [' \n\r\n , ;\t', []],
    ['nasa', [[1, 'nasa', 'youtube']]],
    [
      '@nasa, esa,jaxa\r\n\r\n isro ',
      [
        [1, '@nasa', 'youtube'],
        [1, 'esa', 'youtube'],
        [1, 'jaxa', 'youtube'],
        [3, 'isro', 'youtube'],
      ],
    ],
    [
      '"nasa"\t“esa”\rjaxa;isro',
      [
        [1, 'nasa', 'youtube'],
        [1, 'esa', 'youtube'],
        [2, 'jaxa', 'youtube'],
        [2, 'isro', 'youtube'],
      ],
    ],
    [
      'x.com/nasa,https://www.tiktok.com/@nba,esa',
      [
        [1, 'x.com/nasa', 'twitter'],
        [1, 'https://www.tiktok.com/@nba', 'tiktok'],
        [1, 'esa', 'youtube'],
      ],
    ],
    ['https://x.com/nasa?a=1,2', [[1, 'https://x.com/nasa?a=1,2', 'twitter']]],
    [
      'https://x.com/nasa?a=1,https://x.com/esa?b=2, @jaxa',
      [
        [1, 'https://x.com/nasa?a=1', 'twitter'],
        [1, 'https://x.com/esa?b=2', 'twitter'],
        [1, '@jaxa', 'youtube'],
      ],
    ],
  ])('%j is cut into names', (text, names) => {
    expect(read(text)).toEqual(names);
  });

  it('says of each name what it means', () => {
    const whyKnown = (typed: string) => (typed === '@esa' ? 'It is there.' : null);
    const pasted = pastedOf(
      'nasa\ntwo words\n@esa\nhttps://www.youtube.com/@NASA\nhttps://x.com/nasa',
      'youtube',
      whyKnown,
    );
    expect(pasted.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['new', ''],
      ['wrong', checkUsername('two words', 'youtube')],
      ['known', 'It is there.'],
      ['twice', 'The same account as in line 1.'],
      ['new', ''],
    ]);
  });

  it('of thousands of lines is read in a moment', () => {
    const text = Array.from({ length: 5_000 }, (_, number) => `name_${number}`).join('\n');
    expect(pastedOf(text, 'youtube', none).filter(({ kind }) => kind === 'new')).toHaveLength(5_000);
  });
});

describe('the start of many jobs', () => {
  const names = (count: number) =>
    pastedOf(Array.from({ length: count }, (_, n) => `name_${n}`).join('\n'), 'youtube', none);

  it('is of four at a time, in their order', async () => {
    let [running, most] = [0, 0];
    const order: string[] = [];
    const tried: number[] = [];
    const start = async ({ typed }: { typed: string }) => {
      order.push(typed);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve));
      running -= 1;
    };
    const wanted = names(10);
    const { done } = await startAll(wanted, start, {
      onTried: (count) => tried.push(count),
      signal: new AbortController().signal,
    });
    expect(most).toBe(4);
    expect(order).toEqual(wanted.map(({ typed }) => typed));
    expect(done).toHaveLength(10);
    expect(tried).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const { done } = await startAll(names(10), async () => {}, {
      onTried: (count) => count === 3 && stop.abort(),
      signal: stop.signal,
    });
    expect(done.length).toBeGreaterThanOrEqual(3);
    expect(done.length).toBeLessThan(10);
  });
});

describe('the form', () => {
  /** Show the form for many. Returns the mock of `onTrack`, and functions that paste a text and press the button. */
  async function many(onTrack: Track = async () => {}, whyKnown: (typed: string) => string | null = none) {
    const asked = vi.fn(onTrack);
    render(<TrackForm onTrack={asked} whyKnown={whyKnown} isFirst />);
    const person = userEvent.setup();
    await person.click(screen.getByRole('button', { name: 'Add many' }));
    const field = screen.getByLabelText<HTMLTextAreaElement>('Usernames or links');
    const paste = async (text: string) => {
      await person.clear(field);
      await person.click(field);
      await person.paste(text);
    };
    const press = () => person.click(screen.getByRole('button', { name: /^Track|^Starting/ }));
    return { asked, person, field, paste, press };
  }
  const summary = () => within(screen.getByRole('region', { name: 'Before you start' }));
  const group = (words: string) => {
    const rows = summary().getByText(words, { exact: false }).closest('details');
    return [...(rows?.querySelectorAll('li') ?? [])].map((row) => row.textContent);
  };
  const success = () => document.querySelector('.success')?.textContent;

  it('says before it starts what it will do', async () => {
    const { asked, paste } = await many(undefined, (typed) => (typed === '@esa' ? 'It is there.' : null));
    await paste('nasa, x.com/nasa\ntwo words\n@esa\nNASA');
    expect(summary().getByRole('status').textContent).toBe('2 of 5 will be tracked: 1 on YouTube, 1 on X.');
    expect(group('is not a name')).toEqual([`Line 2 two words ${checkUsername('two words', 'youtube')}`]);
    expect(group('is tracked already')).toEqual(['Line 3 @esa It is there.']);
    expect(group('is in your text twice')).toEqual(['Line 4 NASA The same account as in line 1.']);
    expect(screen.getByRole('button', { name: 'Track 2 accounts' })).toBeTruthy();
    expect(asked).not.toHaveBeenCalled();
  });

  it('tracks each on the platform of its link, as the chosen type', async () => {
    const { asked, person, field, paste, press } = await many();
    await person.click(screen.getByLabelText('Mine'));
    await paste('@nasa\n\n  https://www.tiktok.com/@nba \r\nx.com/NASA\n');
    await press();
    expect(asked.mock.calls).toEqual([
      ['@nasa', 'youtube', 'my'],
      ['https://www.tiktok.com/@nba', 'tiktok', 'my'],
      ['x.com/NASA', 'twitter', 'my'],
    ]);
    expect(success()).toBe('Started tracking 3 accounts. You can close this tab.');
    expect(field.value).toBe('');
  });

  it('keeps in the field what is wrong or failed, with the reason', async () => {
    const { asked, field, paste, press } = await many(async (name) => {
      if (name === 'esa') {
        throw new TrackingJobError('busy');
      }
    });
    await paste('two words\nnasa\nesa\nNASA\njaxa');
    await press();
    expect(asked.mock.calls.map(([name]) => name)).toEqual(['nasa', 'esa', 'jaxa']);
    expect(field.value).toBe('two words\nesa');
    expect(group('could not be started')).toEqual(['Line 2 esa The service is busy right now. Try again in a moment.']);
    expect(success()).toBe('Started tracking 2 accounts. You can close this tab.');
    expect(screen.getByRole('button', { name: 'Track 1 account' })).toBeTruthy();
  });

  it('stops at a failure that all would have', async () => {
    const { asked, field, paste, press } = await many(() => Promise.reject(new TrackingJobError('offline')));
    const names = Array.from({ length: 9 }, (_, number) => `name_${number}`);
    await paste(names.join('\n'));
    await press();
    expect(asked.mock.calls.length).toBeLessThan(9);
    expect(field.value.split('\n')).toEqual(names);
    expect(screen.getByRole('alert').textContent).toBe('You are offline. Try again once you are connected.');
    expect(success()).toBe('');
  });

  it('shows its progress, and can be stopped', async () => {
    const { person, field, paste, press } = await many(() => new Promise((resolve) => setTimeout(resolve, 5)));
    await paste(Array.from({ length: 200 }, (_, number) => `name_${number}`).join('\n'));
    await press();
    expect(screen.getByRole('progressbar', { name: 'Jobs started' }).getAttribute('max')).toBe('200');
    expect(screen.getByRole('button', { name: /^Starting \d+ of 200…$/ })).toBeTruthy();
    expect(field.readOnly).toBe(true);
    await person.click(screen.getByRole('button', { name: 'Stop' }));
    await screen.findByRole('button', { name: /^Track \d+ accounts$/ });
    expect(field.value.split('\n').length).toBeGreaterThan(100);
    expect(field.readOnly).toBe(false);
  });

  it('wants at least one name', async () => {
    const { asked, field, paste, press } = await many();
    await paste('\n \n');
    expect(screen.getByRole('button', { name: 'Track accounts' }).getAttribute('aria-disabled')).toBe('true');
    await press();
    expect(screen.getByRole('alert').textContent).toBe('Enter at least one username.');
    expect(document.activeElement).toBe(field);
    expect(asked).not.toHaveBeenCalled();
  });

  it('writes out twenty wrong lines, and counts the others', async () => {
    const { paste } = await many();
    await paste(Array.from({ length: 60 }, (_, number) => `two words ${number}`).join('\n'));
    expect(group('are not names')).toHaveLength(21);
    expect(group('are not names').at(-1)).toBe('… and 40 more');
  });
});
