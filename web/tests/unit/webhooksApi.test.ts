/** The webhooks' part of the HTTP API: what a page sends, and what it makes of each answer. */

import type { Auth } from 'firebase/auth';
import type { Firestore } from 'firebase/firestore';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type contract from '../../../contracts/webhooks.json';
import type { NewsSource } from '../../src/news';
import { revealSecret, wake } from '../../src/webhooksApi';

const ANSWER = {
  secret: 'whsec_bmV3',
  previousSecret: 'whsec_b2xk',
  previousUntil: '2026-12-01T09:15:00Z',
} satisfies Record<keyof typeof contract.secretAnswer, string>;

let answer: () => Promise<Response>;
let calls: [string, RequestInit][];

function authOf(currentUser: object | null): Auth {
  return { authStateReady: async () => {}, currentUser } as unknown as Auth;
}

const source: NewsSource = {
  firestore: {} as Firestore,
  auth: authOf({ uid: 'olga', getIdToken: async () => 'token' }),
  newsUrl: 'https://api.example',
};

beforeEach(() => {
  calls = [];
  answer = async () => Response.json(ANSWER);
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    calls.push([url, init]);
    return answer();
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('asks for a secret with the ID token, and reads it', async () => {
  expect(await revealSecret(source, 'acme', 'e1')).toEqual({
    ...ANSWER,
    previousUntil: new Date(ANSWER.previousUntil),
  });
  expect(calls).toEqual([
    [
      'https://api.example/webhooks/secret',
      {
        method: 'POST',
        headers: { Authorization: 'Bearer token', 'Content-Type': 'application/json' },
        body: '{"orgId":"acme","endpointId":"e1"}',
        mode: 'cors',
        credentials: 'omit',
        cache: 'no-store',
      },
    ],
  ]);
});

test('a secret may have no former one', async () => {
  answer = async () => Response.json({ secret: 'whsec_bmV3', previousSecret: null, previousUntil: null });
  const secret = { secret: 'whsec_bmV3', previousSecret: null, previousUntil: null };
  expect(await revealSecret(source, 'acme', 'e1')).toEqual(secret);
});

test.each([
  [400, 'unavailable'],
  [401, 'not-signed-in'],
  [403, 'not-allowed'],
  [404, 'endpoint-not-found'],
  [429, 'busy'],
  [500, 'unavailable'],
  [503, 'unavailable'],
])('the answer %d is %s', async (status, code) => {
  answer = async () => Response.json({ message: 'no' }, { status });
  await expect(revealSecret(source, 'acme', 'e1')).rejects.toMatchObject({ code });
});

test.each(['{}', '{"secret": 5}', 'null', '<html>'])('the text %s is unexpected', async (text) => {
  answer = async () => new Response(text);
  await expect(revealSecret(source, 'acme', 'e1')).rejects.toMatchObject({ code: 'unexpected' });
});

test('a lost connection is unavailable, and keeps its cause', async () => {
  const cause = new TypeError('Failed to fetch');
  answer = async () => Promise.reject(cause);
  await expect(revealSecret(source, 'acme', 'e1')).rejects.toMatchObject({ code: 'unavailable', cause });
});

test('an answer that does not come is given up after 15 seconds', async () => {
  vi.useFakeTimers();
  answer = () => new Promise(() => {});
  const outcome = vi.fn();
  void revealSecret(source, 'acme', 'e1').catch(outcome);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(outcome).toHaveBeenCalledWith(expect.objectContaining({ code: 'unavailable' }));
});

test('without a network nothing is asked', async () => {
  vi.stubGlobal('navigator', { onLine: false });
  await expect(revealSecret(source, 'acme', 'e1')).rejects.toMatchObject({ code: 'offline' });
  expect(calls).toEqual([]);
});

const { firestore, auth, newsUrl } = source as Required<NewsSource>;

test.each<[string, NewsSource, string, string, string]>([
  ['without an address', { firestore, auth }, 'acme', 'e1', 'not-set-up'],
  ['without a sign-in of the page', { firestore, newsUrl }, 'acme', 'e1', 'not-set-up'],
  ['while nobody is signed in', { ...source, auth: authOf(null) }, 'acme', 'e1', 'not-signed-in'],
  ['for a wrong orgId', source, 'a/b', 'e1', 'invalid-input'],
  ['for a wrong endpointId', source, 'acme', '', 'invalid-input'],
])('rejects %s', async (_, from, orgId, endpointId, code) => {
  await expect(revealSecret(from, orgId, endpointId)).rejects.toMatchObject({ code });
  expect(calls).toEqual([]);
});

test('a wake is a POST with the ID token, and its failure is none', async () => {
  answer = async () => Promise.reject(new TypeError('Failed to fetch'));
  wake(source);
  await vi.waitUntil(() => calls.length === 1);
  expect(calls[0]?.[0]).toBe('https://api.example/webhooks/wake');
  expect(calls[0]?.[1]).toMatchObject({ method: 'POST', headers: { Authorization: 'Bearer token' } });
});

test('without an address nobody is woken', async () => {
  wake({ firestore, auth });
  await new Promise((resolve) => setTimeout(resolve));
  expect(calls).toEqual([]);
});
