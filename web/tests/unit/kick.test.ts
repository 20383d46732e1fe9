/** The kick is best effort: it never rejects, and nothing waits for it. */

import type { Auth } from 'firebase/auth';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Kick } from '../../src/kick';

const URL = 'https://api.example/trigger';

/** One call of the endpoint. The test chooses the answer and the moment of the answer. */
interface Call {
  url: string;
  init: RequestInit;
  answer: (status: number) => void;
  fail: (error: Error) => void;
}

let calls: Call[];

beforeEach(() => {
  calls = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    return new Promise<Response>((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      calls.push({ url, init, answer: (status) => resolve(new Response(null, { status })), fail: reject });
    });
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function authOf(currentUser: { getIdToken: () => Promise<string> } | null): Auth {
  return { authStateReady: async () => {}, currentUser } as unknown as Auth;
}

const SIGNED_IN = authOf({ getIdToken: async () => 'token' });

async function callNumber(number: number): Promise<Call> {
  await vi.waitUntil(() => calls.length >= number);
  return calls[number - 1] as Call;
}

/** `keepalive`: the browser finishes the request even after the tab is closed. */
test('is an empty POST with the ID token and without cookies', async () => {
  const kicked = new Kick(SIGNED_IN, URL).send();
  const { url, init, answer } = await callNumber(1);
  answer(202);
  expect(await kicked).toBe(true);
  expect(url).toBe(URL);
  expect(init.headers).toEqual({ Authorization: 'Bearer token' }); // and no other header, such as a secret
  expect(init).toMatchObject({
    method: 'POST',
    mode: 'cors',
    credentials: 'omit',
    keepalive: true,
  });
  expect(init.body).toBeUndefined();
});

test.each([
  ['without an address', new Kick(SIGNED_IN, undefined)],
  ['without auth', new Kick(undefined, URL)],
  ['signed out', new Kick(authOf(null), URL)],
  ['when the token cannot be had', new Kick(authOf({ getIdToken: () => Promise.reject(new Error('offline')) }), URL)],
])('is not sent %s', async (_, kick) => {
  expect(await kick.send()).toBe(false);
  expect(calls).toEqual([]);
});

test.each([401, 403, 429, 500, 503])('is false for an answer of %d', async (status) => {
  const kicked = new Kick(SIGNED_IN, URL).send();
  (await callNumber(1)).answer(status);
  expect(await kicked).toBe(false);
});

test('is false when the network fails, and works again afterwards', async () => {
  const kick = new Kick(SIGNED_IN, URL);
  const kicked = kick.send();
  (await callNumber(1)).fail(new TypeError('Failed to fetch'));
  expect(await kicked).toBe(false);
  const again = kick.send();
  (await callNumber(2)).answer(204);
  expect(await again).toBe(true);
});

test('is given up after five seconds', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException('late', 'TimeoutError')), 5); // in place of the requested time
    return controller.signal;
  });
  expect(await new Kick(SIGNED_IN, URL).send()).toBe(false);
  expect(timeout).toHaveBeenCalledWith(5_000);
});

test('many at once are the one in flight and one more after it', async () => {
  const kick = new Kick(SIGNED_IN, URL);
  const first = kick.send();
  const others = [kick.send(), kick.send(), kick.send()];
  (await callNumber(1)).answer(200);
  expect(await first).toBe(true);
  (await callNumber(2)).answer(503);
  expect(await Promise.all(others)).toEqual([false, false, false]);
  expect(calls).toHaveLength(2);
  const later = [kick.send(), kick.send()];
  (await callNumber(3)).answer(200);
  (await callNumber(4)).answer(200);
  expect(await Promise.all(later)).toEqual([true, true]);
});

test('the one more is sent even when the first fails', async () => {
  const kick = new Kick(SIGNED_IN, URL);
  const first = kick.send();
  const second = kick.send();
  (await callNumber(1)).fail(new TypeError('Failed to fetch'));
  (await callNumber(2)).answer(200);
  expect(await first).toBe(false);
  expect(await second).toBe(true);
});
