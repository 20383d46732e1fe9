import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TrackForm, type TrackFormProps } from '../../demo/TrackForm';
import { invalidInput, TrackingJobError } from '../../src/errors';
import { checkUsername } from '../../src/username';

afterEach(cleanup);

const username = () => screen.getByLabelText<HTMLInputElement>('Username');
const platform = () => screen.getByLabelText<HTMLSelectElement>('Platform');
const alert = () => screen.getByRole('alert').textContent;

/** Render the form. Returns its `onTrack` mock, a user, and a function that types a name and submits. */
function form(onTrack: TrackFormProps['onTrack'] = async () => {}, whyKnown: TrackFormProps['whyKnown'] = () => null) {
  const asked = vi.fn(onTrack);
  render(<TrackForm onTrack={asked} whyKnown={whyKnown} isFirst />);
  const person = userEvent.setup();
  const track = async (typed: string) => {
    await person.clear(username());
    if (typed) {
      await person.click(username());
    }
    if (typed) {
      await person.paste(typed);
    }
    await person.click(screen.getByRole('button', { name: /Track|Starting/ }));
  };
  return { asked, person, track };
}

describe('bad input', () => {
  it.each([
    ['nothing', ''],
    ['spaces', '   '],
    ['an emoji', '🚀🚀'],
    ['200 characters', 'a'.repeat(200)],
    ['a link to another site', 'https://example.com/nasa'],
    ['a link to no profile', 'https://www.youtube.com/watch?v=1'],
  ])('%s is answered in words, and nothing is asked for', async (_, typed) => {
    const { asked, track } = form();
    await track(typed);
    expect(alert()).not.toBe('');
    expect(alert()).toBe(checkUsername(typed, 'youtube'));
    expect(asked).not.toHaveBeenCalled();
  });

  it('is tied to the focused field, and goes with typing', async () => {
    const { person, track } = form();
    await track('');
    expect(document.activeElement).toBe(username());
    expect(username().getAttribute('aria-invalid')).toBe('true');
    expect(username().getAttribute('aria-describedby')).toBe(screen.getByRole('alert').id);
    const followedBy = username().compareDocumentPosition(screen.getByRole('alert'));
    expect(followedBy & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
    expect(platform().compareDocumentPosition(screen.getByRole('alert'))).toBe(Node.DOCUMENT_POSITION_PRECEDING);
    await person.keyboard('n');
    expect(username().getAttribute('aria-invalid')).toBe('false');
    expect(alert()).toBe('');
  });

  it('is a link whose platform was changed by hand afterwards', async () => {
    const { asked, person, track } = form();
    await person.click(username());
    await person.paste('https://www.tiktok.com/@nasa');
    await person.selectOptions(platform(), 'YouTube');
    await person.click(screen.getByRole('button', { name: 'Track' }));
    expect(alert()).toBe('This is a link to TikTok, but the job is for YouTube.');
    await track('https://www.tiktok.com/@nasa');
    expect(asked).toHaveBeenCalledExactlyOnceWith('https://www.tiktok.com/@nasa', 'tiktok', 'competitor');
  });
});

describe('an account to track', () => {
  it('is asked for as it was typed, without the spaces around it', async () => {
    const { asked, person, track } = form();
    await person.selectOptions(platform(), 'Instagram');
    await person.click(screen.getByLabelText('Mine'));
    await track('  @NASA ');
    expect(asked).toHaveBeenCalledExactlyOnceWith('@NASA', 'instagram', 'my');
    expect(screen.getByRole('status').textContent).toContain('Started tracking @NASA on Instagram.');
    expect(username().value).toBe('');
  });

  it.each([
    ['https://www.instagram.com/nasa/', 'instagram'],
    ['x.com/NASA', 'twitter'],
    ['https://m.youtube.com/@NASA', 'youtube'],
  ])('by its link %s chooses the platform', async (link, chosen) => {
    const { person } = form();
    await person.selectOptions(platform(), 'TikTok');
    await person.click(username());
    await person.paste(link);
    expect(platform().value).toBe(chosen);
  });

  it('by its bare name keeps the platform that was chosen', async () => {
    const { person } = form();
    await person.selectOptions(platform(), 'TikTok');
    await person.type(username(), '@nasa');
    expect(platform().value).toBe('tiktok');
  });

  it('is asked for once, even if the button is pressed again', async () => {
    let finish = () => {};
    const { asked, person, track } = form(() => new Promise<void>((resolve) => (finish = resolve)));
    await track('nasa');
    const button = screen.getByRole('button', { name: 'Starting…' });
    expect(button.getAttribute('aria-busy')).toBe('true');
    await person.click(button);
    finish();
    await screen.findByRole('button', { name: 'Track' });
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('is out of the way when the next one is typed meanwhile', async () => {
    let finish = () => {};
    const { person, track } = form(() => new Promise<void>((resolve) => (finish = resolve)));
    await track('nasa');
    await person.clear(username());
    await person.type(username(), 'esa');
    finish();
    await screen.findByRole('button', { name: 'Track' });
    expect(screen.getByRole('status').textContent).toContain('Started tracking nasa on YouTube.');
    expect(username().value).toBe('esa');
  });
});

describe('an account that needs no job', () => {
  it('is told, and not asked for', async () => {
    const whyKnown = vi.fn(() => 'nasa on YouTube is already in your list.');
    const { asked, track } = form(undefined, whyKnown);
    await track('@nasa');
    expect(whyKnown).toHaveBeenCalledWith('@nasa', 'youtube');
    expect(alert()).toBe('nasa on YouTube is already in your list.');
    expect(asked).not.toHaveBeenCalled();
  });
});

describe('the form for many', () => {
  it('keeps platform and type of the form for one', async () => {
    const { person } = form();
    await person.selectOptions(platform(), 'TikTok');
    await person.click(screen.getByLabelText('Mine'));
    await person.click(screen.getByRole('button', { name: 'Add many' }));
    expect(screen.getByLabelText<HTMLSelectElement>('Names are on').value).toBe('tiktok');
    expect(screen.getByLabelText<HTMLInputElement>('Mine').checked).toBe(true);
    await person.click(screen.getByRole('button', { name: 'Add one' }));
    expect(username().value).toBe('');
  });
});

describe('a failure', () => {
  it('of ours leaves what was typed, without blaming it', async () => {
    const { track } = form(() => Promise.reject(new TrackingJobError('offline')));
    await track('nasa');
    expect(alert()).toBe('You are offline. Try again once you are connected.');
    expect(username().value).toBe('nasa');
    expect(username().getAttribute('aria-invalid')).toBe('false');
  });

  it('because of the username blames it', async () => {
    const { track } = form(() => Promise.reject(invalidInput('username', 'Not this one.')));
    await track('nasa');
    expect(alert()).toBe('Not this one.');
    expect(username().getAttribute('aria-invalid')).toBe('true');
  });

  it('that nobody foresaw shows no program text', async () => {
    const { track } = form(() => Promise.reject(new TypeError('x is undefined')));
    await track('nasa');
    expect(alert()).toBe('Something went wrong on our side. Try again later.');
  });
});

describe('on a phone', () => {
  const opener = () => screen.queryByRole('button', { name: 'Add accounts' });
  const show = (isFirst: boolean) => <TrackForm onTrack={async () => {}} whyKnown={() => null} isFirst={isFirst} />;

  it('a button opens the form, and leads into its field', async () => {
    render(show(false));
    await userEvent.click(opener() as HTMLElement);
    expect(document.activeElement).toBe(username());
    expect(opener()).toBeNull();
  });

  it('the form of an empty project is open, and stays so', () => {
    const { container, rerender } = render(show(true));
    expect(opener()).toBeNull();
    rerender(show(false)); // the first account has arrived
    expect(container.querySelector('.tracker')?.getAttribute('data-open')).toBe('true');
  });
});
