/** The endpoints of webhooks: their health in words, forms, secrets, and the way between list and endpoint. */

import { act, screen, within } from '@testing-library/react';
import axe from 'axe-core';
import { useState } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import { germanNewsLabels } from '../../src/deEntry';
import { TrackingJobError } from '../../src/errors';
import type { WebhookEndpoint } from '../../src/news';
import { healthOf } from '../../src/news/Health';
import { newsWordsOf } from '../../src/news/newsWords';
import { WebhookEndpoints, type WebhookEndpointsProps } from '../../src/newsPanelEntry';
import { FakeNews, makeDelivery, makeEndpoint, makeHealth, OFFLINE, REFUSED, SECRET } from '../newsFakes';
import { alerts, announced, button, check, mountNews, PAGE, press, settle, setupNewsTest, user } from './newsHarness';

setupNewsTest();

const URL = 'https://hooks.example.com/tracking';
const SHORT = 'hooks.example.com/tracking';
const PROJECTS = [
  { id: 'p1', name: 'Space' },
  { id: 'p2', name: 'Sea' },
];
const NOON = new Date(2026, 10, 30, 12, 0, 30);
const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute);

function mount(news: FakeNews, props: Partial<WebhookEndpointsProps> = {}) {
  return mountNews(<WebhookEndpoints {...PAGE} access={news} {...props} />);
}

/** Mount, and open the first endpoint as a person does. */
async function open(endpoint: Partial<WebhookEndpoint> = {}, props: Partial<WebhookEndpointsProps> = {}) {
  const news = new FakeNews({ endpoints: [makeEndpoint(endpoint)], deliveries: [] });
  mount(news, props);
  await press(SHORT);
  return news;
}

const called = (news: FakeNews, action: string) => news.calls.filter(([name]) => name === action);
const title = () => screen.getByRole('heading', { level: 2 });
const field = (name: RegExp | string) => screen.getByRole<HTMLInputElement>('textbox', { name });

describe('health', () => {
  const failing = { failingSince: at(28, 14, 5), failures: 7, lastStatus: 503 };
  const off = { offAt: at(3, 9), lastStatus: 410 };

  test.each<[string, Partial<WebhookEndpoint>, string, string]>([
    ['good', { health: makeHealth() }, 'Delivering', 'Stellt zu'],
    ['none', { health: null }, 'No delivery yet', 'Noch keine Zustellung'],
    [
      'bad',
      { health: makeHealth(failing) },
      'Failing since Nov 28, 2:05 PM: answered 503',
      'Scheitert seit 28. Nov., 14:05: Antwort 503',
    ],
    [
      'bad',
      { health: makeHealth({ failingSince: at(30, 11), lastStatus: null, lastError: 'dns' }) },
      'Failing since 11:00 AM: the host name was not found',
      'Scheitert seit 11:00: der Rechnername wurde nicht gefunden',
    ],
    [
      'bad',
      { enabled: false, health: makeHealth({ ...failing, ...off, offReason: 'failing' }) },
      'Off since Nov 3: 5 days without success',
      'Aus seit 3. Nov.: 5 Tage ohne Erfolg',
    ],
    [
      'bad',
      { enabled: false, health: makeHealth({ ...off, offReason: 'gone' }) },
      'Off since Nov 3: the receiver answered 410 Gone',
      'Aus seit 3. Nov.: Der Empfänger antwortete 410 Gone',
    ],
    [
      'bad',
      { enabled: false, health: makeHealth({ ...off, offReason: 'receiver' }) },
      'Off since Nov 3: the receiver asked for it',
      'Aus seit 3. Nov.: Der Empfänger wollte es so',
    ],
    ['off', { enabled: false, health: makeHealth() }, 'Off', 'Aus'],
    ['off', { enabled: false, health: null }, 'Off', 'Aus'],
  ])('%s: %j', (mark, fields, english, german) => {
    const endpoint = makeEndpoint(fields);
    expect(healthOf(endpoint, newsWordsOf(), NOON)).toMatchObject({ mark, text: english });
    expect(healthOf(endpoint, newsWordsOf(germanNewsLabels), NOON).text).toBe(german);
  });

  test('of a failing endpoint names the next attempt', () => {
    const deliveries = [at(30, 15), at(30, 14, 5), at(30, 18)].map((nextAttemptAt, number) =>
      makeDelivery({ id: String(number), state: 'pending', nextAttemptAt }),
    );
    const endpoints = [
      makeEndpoint({ health: makeHealth(failing) }),
      makeEndpoint({ id: 'good', url: 'https://b.example.com' }),
    ];
    mount(new FakeNews({ endpoints, deliveries }));
    const [first, second] = screen.getAllByRole('listitem');
    expect(first?.textContent).toContain('Next attempt at 2:05 PM');
    expect(second?.textContent).not.toContain('Next attempt');
    expect(second?.textContent).toContain('Last delivery 11:58 AM');
  });
});

describe('the list', () => {
  test('says what each endpoint gets', () => {
    const types = ['tracking.job.completed', 'tracking.job.failed'];
    const endpoints = [makeEndpoint({ description: 'Production' }), makeEndpoint({ id: 'b', eventTypes: types })];
    mount(new FakeNews({ endpoints }));
    const [first, second] = screen.getAllByRole('listitem');
    expect(first?.textContent).toContain('ProductionAll events');
    expect(second?.textContent).toContain('2 kinds of events');
  });

  test('is busy while it loads, and says when it is empty', () => {
    const news = new FakeNews();
    mount(news);
    expect(screen.getByRole('region', { name: 'Webhooks' }).getAttribute('aria-busy')).toBe('true');
    news.endpoints = [];
    act(() => news.emit());
    expect(screen.getByRole('region', { name: 'Webhooks' }).getAttribute('aria-busy')).toBe('false');
    expect(screen.getByText('No endpoints yet')).toBeDefined();
  });

  test('is for owners and admins', () => {
    mount(new FakeNews({ error: REFUSED }));
    expect(alerts()).toEqual(['Only owners and admins of the organisation see its webhooks.']);
    expect(screen.queryByRole('button')).toBeNull();
  });

  test('goes when its user may not see it any more', () => {
    const news = new FakeNews({ endpoints: [makeEndpoint()] });
    mount(news);
    news.error = REFUSED;
    act(() => news.emit());
    expect(screen.queryByText(SHORT)).toBeNull();
  });

  test('that cannot be loaded is tried again', async () => {
    const news = new FakeNews({ error: OFFLINE });
    mount(news);
    expect(alerts()[0]).toMatch(/^Could not load this\. You are offline/);
    news.error = undefined;
    news.endpoints = [makeEndpoint()];
    await press('Try again');
    expect(button(SHORT)).toBeDefined();
  });

  test('stays when its listener fails, as the last known one', () => {
    const news = new FakeNews({ endpoints: [makeEndpoint()] });
    mount(news);
    news.error = OFFLINE;
    act(() => news.emit());
    expect(button(SHORT)).toBeDefined();
    expect(screen.getByText(/last known state/)).toBeDefined();
  });
});

describe('a new endpoint', () => {
  test('gets all events and all projects by default', async () => {
    const news = new FakeNews({ endpoints: [] });
    mount(news, { projects: PROJECTS });
    await press('Add endpoint');
    expect(document.activeElement).toBe(field('Address'));
    await user.type(field('Address'), ' https://example.com/in ');
    await user.type(field(/^Description/), 'Production');
    await user.keyboard('{Enter}');
    await settle();
    const endpoint = { url: 'https://example.com/in', description: 'Production', eventTypes: [], projectIds: [] };
    expect(news.calls).toEqual([['addEndpoint', endpoint]]);
    expect(announced()).toBe('The endpoint is added.');
    expect(button('example.com/in')).toBeDefined();
    expect(document.activeElement).toBe(button('Add endpoint'));
  });

  test('gets only the chosen events', async () => {
    const news = new FakeNews({ endpoints: [] });
    mount(news);
    await press('Add endpoint');
    await user.type(field('Address'), 'https://example.com/in');
    await check('All');
    await check('Videos');
    await check('Outlier videos');
    await press('Add endpoint'); // the only one: the other says Close
    await settle();
    const [, endpoint] = news.calls[0] as [string, { eventTypes: string[] }];
    expect(endpoint.eventTypes).toEqual(['tracking.video.published', 'tracking.video.vanished']);
  });

  test.each([
    ['http://example.com', 'The address must begin with https://.', 'Die Adresse muss mit https:// beginnen.'],
    ['https://10.0.0.1/in', 'Numbers do not do.', 'Zahlen gehen nicht.'],
    ['https://example.com:8080', 'must not name a port', 'darf keinen Port nennen'],
  ])('whose address is %s is refused in the form', async (url, english, german) => {
    for (const [labels, sentence, name] of [
      [{}, english, 'Address'],
      [germanNewsLabels, german, 'Adresse'],
    ] as const) {
      const news = new FakeNews({ endpoints: [] });
      const { unmount } = mount(news, { labels });
      await press(/^(Add endpoint|Endpunkt hinzufügen)$/);
      await user.type(field(name), url);
      expect(alerts()).toEqual([]); // not while it is typed
      await user.tab();
      expect(alerts()[0]).toContain(sentence);
      expect(screen.queryByText(/reachable from the internet|aus dem Internet erreichbar/)).toBeNull();
      expect(field(name).getAttribute('aria-invalid')).toBe('true');
      expect(document.getElementById(field(name).getAttribute('aria-describedby') ?? '')?.textContent).toContain(
        sentence,
      );
      await user.type(field(name), '{Enter}');
      expect(news.calls).toEqual([]);
      expect(document.activeElement).toBe(field(name));
      unmount();
    }
  });

  test('needs an event', async () => {
    const news = new FakeNews({ endpoints: [] });
    mount(news);
    await press('Add endpoint');
    await check('All');
    await user.type(field('Address'), 'https://example.com/in{Enter}');
    expect(alerts()).toEqual(['Choose at least one event.']);
    expect(news.calls).toEqual([]);
  });

  test('that is refused keeps the form', async () => {
    const news = new FakeNews({ endpoints: [] });
    news.failing.set(
      'addEndpoint',
      new TrackingJobError('illegal-change', { message: 'There are 20 endpoints already.' }),
    );
    mount(news);
    await press('Add endpoint');
    await user.type(field('Address'), 'https://example.com/in{Enter}');
    await settle();
    expect(alerts()).toEqual(['Could not add the endpoint. There are 20 endpoints already.']);
    expect(field('Address').value).toBe('https://example.com/in');
  });

  test.each(['Escape', 'Cancel', 'Close'])('is given up by %s, and the focus goes back', async (way) => {
    mount(new FakeNews({ endpoints: [] }));
    await press('Add endpoint');
    await (way === 'Escape' ? user.keyboard('{Escape}') : press(way));
    expect(screen.queryByRole('textbox')).toBeNull();
    expect(document.activeElement).toBe(button('Add endpoint'));
  });
});

describe('an endpoint', () => {
  test('is opened and left, with the focus on the title', async () => {
    await open();
    expect(title().textContent).toBe(URL);
    expect(document.activeElement).toBe(title());
    await press('All endpoints');
    expect(title().textContent).toBe('Webhooks');
    expect(document.activeElement).toBe(title());
  });

  test('is the page’s to choose, by links', async () => {
    const seen = vi.fn();
    const news = new FakeNews({ endpoints: [makeEndpoint()], deliveries: [] });
    function Page() {
      const [id, setId] = useState<string | null>(null);
      const onEndpoint = (next: string | null) => {
        seen(next);
        setId(next);
      };
      const hrefOf = (next: string | null) => `#/webhooks/${next ?? ''}`;
      return <WebhookEndpoints {...PAGE} access={news} endpointId={id} onEndpoint={onEndpoint} hrefOf={hrefOf} />;
    }
    mountNews(<Page />);
    const link = screen.getByRole<HTMLAnchorElement>('link', { name: SHORT });
    expect(link.getAttribute('href')).toBe('#/webhooks/endpoint1');
    await user.click(link);
    expect(seen.mock.calls).toEqual([['endpoint1']]);
    expect(title().textContent).toBe(URL);
  });

  test('that does not exist is said to', () => {
    mount(new FakeNews({ endpoints: [makeEndpoint()] }), { endpointId: 'gone', onEndpoint() {} });
    expect(screen.getByText('This endpoint does not exist any more.')).toBeDefined();
  });

  test('is changed, and keeps types that are not known here', async () => {
    const news = await open({ eventTypes: ['tracking.job.failed', 'tracking.account.upgraded'] });
    await press('Edit');
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: 'tracking.account.upgraded' }).checked).toBe(true);
    await check('Tracking completed');
    await press('Save');
    await settle();
    expect(called(news, 'changeEndpoint')).toEqual([
      [
        'changeEndpoint',
        'endpoint1',
        {
          url: URL,
          description: '',
          eventTypes: ['tracking.job.completed', 'tracking.job.failed', 'tracking.account.upgraded'],
          projectIds: [],
        },
      ],
    ]);
    expect(announced()).toBe('Saved');
    expect(document.activeElement).toBe(button('Edit'));
  });

  test('is switched off and on', async () => {
    const news = await open();
    await press('Switch off');
    await settle();
    expect(announced()).toBe('The endpoint is off.');
    expect(document.activeElement).toBe(button('Switch on'));
    await press('Switch on');
    await settle();
    expect(called(news, 'changeEndpoint').map(([, , changes]) => changes)).toEqual([
      { enabled: false },
      { enabled: true },
    ]);
    expect(announced()).toBe('The endpoint is on.');
  });

  test('is removed after a question', async () => {
    const news = await open();
    await press('Remove');
    const question = screen.getByRole('group', { name: `Remove ${URL}?` });
    expect(document.activeElement).toBe(within(question).getByRole('button', { name: 'Keep it' }));
    await user.keyboard('{Enter}');
    expect(document.activeElement).toBe(button('Remove'));
    expect(news.calls).toEqual([]);
    await press('Remove');
    await user.click(
      within(screen.getByRole('group', { name: `Remove ${URL}?` })).getByRole('button', { name: 'Remove' }),
    );
    await settle();
    expect(news.calls).toEqual([['removeEndpoint', 'endpoint1']]);
    expect(announced()).toBe('The endpoint is removed.');
    expect(document.activeElement).toBe(title());
    expect(screen.getByText('No endpoints yet')).toBeDefined();
  });

  test('that cannot be removed says why, in the question', async () => {
    const news = await open();
    news.failing.set('removeEndpoint', OFFLINE);
    await press('Remove');
    await user.click(within(screen.getByRole('group', { name: /^Remove/ })).getByRole('button', { name: 'Remove' }));
    await settle();
    expect(alerts()).toEqual(['Could not remove the endpoint. You are offline. Try again once you are connected.']);
  });
});

describe('the secret', () => {
  test('is hidden until it is asked for', async () => {
    const news = await open();
    expect(document.body.textContent).not.toContain(SECRET);
    expect(news.calls).toEqual([]);
    await press('Show secret');
    await settle();
    expect(screen.getByText(SECRET)).toBeDefined();
    expect(document.activeElement).toBe(button('Hide secret'));
    await press('Hide secret');
    expect(document.body.textContent).not.toContain(SECRET);
  });

  test.each([
    [undefined, 'https://www.standardwebhooks.com'],
    ['https://docs.example.com/webhooks', 'https://docs.example.com/webhooks'],
  ])('says where instructions are: %s', async (instructionsHref, href) => {
    await open({}, { instructionsHref });
    expect(screen.getByRole('link', { name: 'How to verify a request' }).getAttribute('href')).toBe(href);
  });

  test('that somebody else rotates is hidden again', async () => {
    const news = await open();
    await press('Show secret');
    await settle();
    news.endpoints = [makeEndpoint({ secretVersion: 2, secretRotatedAt: new Date() })];
    act(() => news.emit());
    expect(document.body.textContent).not.toContain(SECRET);
    expect(button('Show secret')).toBeDefined();
  });

  test('is copied', async () => {
    await open();
    await press('Show secret');
    await settle();
    await press('Copy Signing secret');
    await settle();
    expect(await navigator.clipboard.readText()).toBe(SECRET);
    expect(announced()).toBe('Copied');
    expect(button('Copied Signing secret')).toBeDefined();
    act(() => vi.advanceTimersByTime(2_000));
    expect(button('Copy Signing secret')).toBeDefined();
  });

  test('that cannot be copied can be selected', async () => {
    await open();
    await press('Show secret');
    await settle();
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('not allowed'));
    await press('Copy Signing secret');
    await settle();
    expect(alerts()).toEqual([expect.stringMatching(/^The browser refused to copy/)]);
  });

  test('that cannot be shown says why', async () => {
    const news = await open();
    news.failing.set('revealSecret', REFUSED);
    await press('Show secret');
    await settle();
    expect(alerts()[0]).toMatch(/^Could not show the secret\. You are not allowed/);
  });

  test('is rotated after a question, and both are shown', async () => {
    const news = await open();
    await press('Rotate secret');
    const question = screen.getByRole('group', { name: 'Make a new secret?' });
    expect(question.textContent).toContain('For 24 hours');
    await user.click(within(question).getByRole('button', { name: 'Rotate secret' }));
    await settle();
    expect(news.calls.map(([action]) => action)).toEqual(['rotateSecret', 'revealSecret']);
    expect(screen.getByText(SECRET.replace('MfKQ', 'nEw7'))).toBeDefined();
    expect(screen.getByText(SECRET)).toBeDefined(); // the previous one
    expect(screen.getByText('Both secrets sign until Dec 1, 12:00 PM.')).toBeDefined();
    expect(announced()).toBe('There is a new secret. Both sign for 24 hours.');
  });

  test('cannot be rotated twice within a day', async () => {
    const news = await open({ secretVersion: 2, secretRotatedAt: at(29, 14, 30) });
    const rotate = button('Rotate secret');
    expect(rotate.getAttribute('aria-disabled')).toBe('true');
    const reason = document.getElementById(rotate.getAttribute('aria-describedby') ?? '');
    expect(reason?.textContent).toBe('The secret was rotated less than a day ago. It can be rotated again at 2:30 PM.');
    await user.click(rotate);
    expect(screen.queryByRole('group', { name: 'Make a new secret?' })).toBeNull();
    await act(() => vi.advanceTimersByTimeAsync(2.6 * 3_600_000));
    expect(button('Rotate secret').getAttribute('aria-disabled')).toBe('false');
    expect(news.calls).toEqual([]);
  });
});

test('lists, forms and endpoints are accessible', async () => {
  const endpoints = [makeEndpoint(), makeEndpoint({ id: 'off', enabled: false, url: 'https://off.example.com' })];
  mount(new FakeNews({ endpoints, deliveries: [makeDelivery()] }), { projects: PROJECTS });
  await press('Add endpoint');
  await looksGood();
  await press('off.example.com');
  await press('Rotate secret');
  await press('Remove');
  await looksGood();

  async function looksGood() {
    vi.useRealTimers();
    expect((await axe.run(document.body, { rules: { region: { enabled: false } } })).violations).toEqual([]);
    vi.useFakeTimers({ shouldAdvanceTime: true });
  }
}, 30_000);

test('the page is rendered on a server, without a style attribute', () => {
  const html = renderToString(<WebhookEndpoints {...PAGE} access={new FakeNews()} />);
  expect(html).toContain('aria-busy="true"');
  expect(html).not.toContain('style=');
});
