/**
 * Addresses of webhooks. The rules take the same ones, and the table `contracts/webhookUrls.json` holds both to it. The
 * functions check once more to which machine a name leads, at the moment of each delivery.
 */

import { invalidInput } from './errors';
import { NEWS_LIMITS } from './news';

export type UrlProblem = 'empty' | 'not-a-link' | 'not-https' | 'password' | 'port' | 'not-a-name' | 'too-long';

const SENTENCES: Readonly<Record<UrlProblem, string>> = {
  empty: 'Enter the address of your endpoint.',
  'not-a-link': 'This is not a web address. An example is https://example.com/webhooks.',
  'not-https': 'The address must begin with https://.',
  password: 'The address must not hold a user name or a password.',
  port: 'The address must not name a port: webhooks go to port 443.',
  'not-a-name': 'The address must name a public host, such as example.com. Numbers do not do.',
  'too-long': `The address is longer than ${NEWS_LIMITS.url.toLocaleString('en')} characters.`,
};

/** Labels of letters, digits and hyphens. The last one begins with a letter: otherwise browsers read it as an IPv4 address. */
const HOST = /^([a-z\d]([a-z\d-]*[a-z\d])?\.)+[a-z][a-z\d-]*[a-z\d]$/;

/** Return why `typed` cannot be the address of a webhook; null if it can. */
export function urlProblem(typed: string): UrlProblem | null {
  if (typed.trim() === '') {
    return 'empty';
  }
  const url = parsed(typed);
  if (url === null) {
    return /^\s*https:/i.test(typed) ? 'not-a-link' : 'not-https';
  }
  if (url.protocol !== 'https:') {
    return 'not-https';
  }
  if (url.username !== '' || url.password !== '') {
    return 'password';
  }
  if (url.port !== '') {
    return 'port';
  }
  if (!HOST.test(url.hostname)) {
    return 'not-a-name';
  }
  return written(url).length > NEWS_LIMITS.url ? 'too-long' : null;
}

/** Return the address as it is written: host in lower case and ASCII, no fragment. Throws `invalid-input`. */
export function checkedUrl(typed: unknown): string {
  const text = typeof typed === 'string' ? typed : '';
  const problem = urlProblem(text);
  if (problem !== null) {
    throw invalidInput('url', SENTENCES[problem]);
  }
  return written(parsed(text) as URL);
}

function parsed(typed: string): URL | null {
  try {
    return new URL(typed.trim());
  } catch {
    return null;
  }
}

/** A fragment never reaches a server. */
function written(url: URL): string {
  return url.origin + url.pathname + url.search;
}
