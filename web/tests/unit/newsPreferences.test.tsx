/** The settings for mail: what is saved when, and what a person sees of it. */

import { act, screen } from '@testing-library/react';
import axe from 'axe-core';
import { renderToString } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import { germanNewsLabels } from '../../src/deEntry';
import { TrackingJobError } from '../../src/errors';
import { NotificationPreferences } from '../../src/newsPanelEntry';
import { FakeNews, makeSettings, OFFLINE } from '../newsFakes';
import { alerts, announced, check, choose, mountNews, PAGE, press, settle, setupNewsTest, user } from './newsHarness';

setupNewsTest();

const PROJECTS = [
  { id: 'p1', name: 'Space' },
  { id: 'p2', name: 'Sea' },
];

const saved = (news: FakeNews) =>
  news.calls.flatMap(([action, settings]) => (action === 'saveNotificationSettings' ? [settings] : []));
const radio = (name: RegExp) => screen.getByRole<HTMLInputElement>('radio', { name });

function mount(news: FakeNews, props = {}) {
  return mountNews(<NotificationPreferences {...PAGE} access={news} {...props} />);
}

describe('a change', () => {
  test('is saved at once, and the page says so', async () => {
    const news = new FakeNews({ settings: makeSettings() });
    mount(news);
    await choose(/^Off/);
    expect(saved(news)).toEqual([makeSettings({ email: 'off' })]);
    await settle();
    expect(screen.getAllByText('Saved')[1]).toBeDefined(); // for eyes, and for ears
    expect(announced()).toBe('Saved');
    expect(radio(/^Off/).checked).toBe(true);
  });

  test('of another tab is shown', async () => {
    const news = new FakeNews({ settings: makeSettings() });
    mount(news);
    await choose(/^Off/);
    await settle();
    news.settings = makeSettings({ email: 'weekly' });
    act(() => news.emit());
    expect(radio(/^Weekly/).checked).toBe(true);
  });

  test('that comes while one is saved is saved after it', async () => {
    const news = new FakeNews({ settings: makeSettings() });
    let release = () => {};
    const save = news.saveNotificationSettings;
    vi.spyOn(news, 'saveNotificationSettings').mockImplementationOnce(async (...args) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return save(...args);
    });
    mount(news);
    await choose(/^Off/);
    await choose(/^Daily/);
    await choose(/^Weekly/);
    expect(saved(news)).toEqual([]);
    news.settings = makeSettings(); // the old ones arrive once more
    act(() => news.emit());
    expect(radio(/^Weekly/).checked).toBe(true);
    release();
    await settle();
    expect(saved(news).map((settings) => (settings as { email: string }).email)).toEqual(['off', 'weekly']);
    expect(radio(/^Weekly/).checked).toBe(true);
  });

  test('that fails stays in the form, and can be saved again', async () => {
    const news = new FakeNews({ settings: makeSettings() });
    news.failing.set('saveNotificationSettings', OFFLINE);
    mount(news);
    await choose(/^Off/);
    await settle();
    expect(alerts()).toEqual(['Could not save. You are offline. Try again once you are connected.']);
    news.settings = makeSettings({ alerts: true });
    act(() => news.emit());
    expect(radio(/^Off/).checked).toBe(true);
    news.failing.clear();
    await press('Try again');
    await settle();
    expect(alerts()).toEqual([]);
    expect(news.settings?.email).toBe('off');
  });
});

describe('a plan', () => {
  test('begins with the zone of the browser', async () => {
    vi.stubEnv('TZ', 'Pacific/Auckland');
    const news = new FakeNews({ settings: makeSettings() });
    mount(news);
    expect(screen.queryByLabelText('Time zone')).toBeNull();
    await choose(/^Daily/);
    await settle();
    expect(news.settings).toEqual(makeSettings({ email: 'daily', timezone: 'Pacific/Auckland' }));
    const [first] = screen.getByLabelText('Time zone').querySelectorAll('option');
    expect(first?.value).toBe('Pacific/Auckland');
  });

  test('keeps a zone that was chosen', async () => {
    const news = new FakeNews({ settings: makeSettings({ email: 'off', timezone: 'Asia/Tokyo' }) });
    mount(news);
    await choose(/^Weekly/);
    await settle();
    expect(news.settings?.timezone).toBe('Asia/Tokyo');
  });

  test('has 24 hours, in the language of the page', async () => {
    const news = new FakeNews({ settings: makeSettings({ email: 'daily', hour: 17 }) });
    mount(news, { labels: germanNewsLabels });
    const hours = screen.getByLabelText<HTMLSelectElement>('Um');
    expect(hours.querySelectorAll('option')).toHaveLength(24);
    expect(hours.value).toBe('17');
    expect(hours.options[17]?.textContent).toBe('17:00');
    await user.selectOptions(hours, '9');
    await settle();
    expect(news.settings?.hour).toBe(9);
  });

  test('shows a zone that the browser does not know', () => {
    mount(new FakeNews({ settings: makeSettings({ email: 'daily', timezone: 'Mars/Olympus_Mons' }) }));
    expect(screen.getByLabelText<HTMLSelectElement>('Time zone').value).toBe('Mars/Olympus_Mons');
    expect(screen.getByText('Mars/Olympus Mons')).toBeDefined();
  });
});

describe('alerts', () => {
  test('are a switch', async () => {
    const news = new FakeNews({ settings: makeSettings() });
    mount(news);
    await user.click(screen.getByRole('switch', { name: /^Also alert me/ }));
    await settle();
    expect(news.settings?.alerts).toBe(true);
  });

  test('cannot be chosen without mails', () => {
    mount(new FakeNews({ settings: makeSettings({ email: 'off' }) }), { projects: PROJECTS });
    expect(screen.getByRole('switch').closest('fieldset')?.disabled).toBe(true);
  });
});

describe('projects', () => {
  test('are all, until one is taken away', async () => {
    const news = new FakeNews({ settings: makeSettings() });
    mount(news, { projects: PROJECTS });
    await check('Sea');
    await settle();
    expect(news.settings?.projectIds).toEqual(['p1']);
    await check('Sea');
    await settle();
    expect(news.settings?.projectIds).toEqual([]); // all, also those to come
  });

  test('cannot be none', async () => {
    const news = new FakeNews({ settings: makeSettings() });
    mount(news, { projects: PROJECTS });
    await check('All');
    expect(alerts()).toEqual(['Choose at least one project.']);
    expect(saved(news)).toEqual([]);
    await check('Space');
    await settle();
    expect(alerts()).toEqual([]);
    expect(news.settings?.projectIds).toEqual(['p1']);
  });

  test('that the page does not know are kept', async () => {
    const news = new FakeNews({ settings: makeSettings({ projectIds: ['p1', 'gone'] }) });
    mount(news, { projects: PROJECTS });
    await check('Space');
    await settle();
    expect(news.settings?.projectIds).toEqual(['gone']);
  });

  test('are not asked for by a page that names none', () => {
    mount(new FakeNews({ settings: makeSettings() }));
    expect(screen.queryByText('Projects')).toBeNull();
  });
});

describe('the page', () => {
  test('is busy until the settings are here', () => {
    const news = new FakeNews();
    mount(news);
    expect(screen.getByRole('region', { name: 'Mail' }).getAttribute('aria-busy')).toBe('true');
    news.settings = makeSettings();
    act(() => news.emit());
    expect(screen.getByRole('region', { name: 'Mail' }).getAttribute('aria-busy')).toBe('false');
    expect(radio(/^As it happens/).checked).toBe(true);
  });

  test('says why it cannot load, and tries again', async () => {
    const news = new FakeNews({ error: OFFLINE });
    mount(news);
    expect(alerts()[0]).toMatch(/^Could not load this\. You are offline/);
    news.error = undefined;
    news.settings = makeSettings();
    await press('Try again');
    expect(alerts()).toEqual([]);
    expect(radio(/^As it happens/)).toBeDefined();
  });

  test('forgets the choice at another organisation', async () => {
    const news = new FakeNews({ settings: makeSettings() });
    news.failing.set('saveNotificationSettings', OFFLINE);
    const { change } = mount(news);
    await choose(/^Off/);
    await settle();
    change(<NotificationPreferences {...PAGE} orgId="other" access={news} />);
    expect(radio(/^As it happens/).checked).toBe(true);
    expect(alerts()).toEqual([]);
  });

  test('forgets everything when its user signs out', async () => {
    const news = new FakeNews({ settings: makeSettings() });
    news.failing.set('saveNotificationSettings', OFFLINE);
    mount(news);
    await choose(/^Off/);
    await settle();
    news.error = new TrackingJobError('not-signed-in');
    act(() => news.emit());
    expect(screen.queryByRole('radio')).toBeNull();
    expect(alerts()).toEqual([expect.stringContaining('You are not signed in.')]);
    news.error = undefined;
    act(() => news.emit());
    expect(radio(/^As it happens/).checked).toBe(true);
  });

  test('closes its listener', () => {
    const news = new FakeNews({ settings: makeSettings() });
    const { unmount } = mount(news);
    expect(news.listeners).toBe(1);
    unmount();
    expect(news.listeners).toBe(0);
  });

  test('is accessible in each cadence', async () => {
    mount(new FakeNews({ settings: makeSettings() }), { projects: PROJECTS });
    for (const name of [/^Weekly/, /^Off/]) {
      await choose(name);
      await settle();
      vi.useRealTimers();
      expect((await axe.run(document.body, { rules: { region: { enabled: false } } })).violations).toEqual([]);
      vi.useFakeTimers({ shouldAdvanceTime: true });
    }
  }, 30_000);

  test('is rendered on a server, without a style attribute', () => {
    const html = renderToString(<NotificationPreferences {...PAGE} access={new FakeNews()} />);
    expect(html).toContain('aria-busy="true"');
    expect(html).not.toContain('style=');
  });
});
