/**
 * Checks of the account names that people type, before a job is written.
 *
 * The platform modules of the functions (`tracking/platforms`) decide. This module gives the same answers in the same
 * sentences, while the person still sees the form. Both read `contracts/platforms.json`; tests of both use the table
 * `contracts/usernames.json`.
 *
 * The limit of 100 characters is counted in two ways. Python counts code points; Firestore's rules (on the emulator)
 * count UTF-16 units. This module counts UTF-16 units, which are never fewer than the code points.
 */

import { platforms } from '../../contracts/platforms.json';
import { MAX_USERNAME_LENGTH, type Platform } from './job';

/** A platform's entry in `contracts/platforms.json`, which describes each field. */
export interface Site {
  label: string;
  hosts: readonly string[];
  shortLinkHosts: readonly string[];
  example: string;
  username: string;
  anyScript: boolean;
  usernameRule: string;
  accountPaths: Readonly<Record<string, string>>;
  pages: readonly string[];
  posts: readonly string[];
  postParts: number;
}

/** White space at both ends, as for Python's `str.strip` except for rare separators. Unlike `trim()`, keeps U+FEFF. */
const EDGES = /^(?:(?!\ufeff)[\s\x85])+|(?:(?!\ufeff)[\s\x85])+$/g;
/** Characters that Python's `str.isprintable` refuses: control characters, lone surrogates, all spaces but U+0020. */
const UNPRINTABLE = /\p{C}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/u;
const SHOWN_LENGTH = 40;

/** A link, cut into the host and the parts of its path. `host` is in lower case; "" stands for a bare name. */
interface Address {
  host: string;
  parts: [string, ...string[]];
}

/** Return a sentence that says why `typed` cannot name an account of the platform; null if it can. */
export function checkUsername(typed: string, platform: Platform): string | null {
  return USERNAMES.check(typed, platform);
}

/** Return the platform whose site a link leads to; null for a bare name and for other sites. */
export function platformOf(typed: string): Platform | null {
  return USERNAMES.platformOf(typed);
}

/**
 * Return a text that is the same for all ways to type one account: with or without "@", as a link, in capitals. Only the
 * platform knows whether two different texts, such as a YouTube handle and a channel id, name one account.
 */
export function accountKey(typed: string, platform: Platform): string {
  return USERNAMES.accountKey(typed, platform);
}

/**
 * Return the account's name in what was typed, without its link and `@`: `https://x.com/NASA?s=20` -> `NASA`. Null if
 * it cannot name an account of the platform. On YouTube the name may be a handle or a channel ID.
 */
export function usernameOf(typed: string, platform: Platform): string | null {
  return USERNAMES.nameOf(typed, platform);
}

/** Rules of all platforms in a contract. One object has them all: a link may lead to another platform's site. */
export class Usernames<Name extends string> {
  constructor(private readonly sites: Readonly<Record<Name, Site>>) {}

  /** Return the reason of a refusal in a sentence; null for an account's name. */
  check(typed: string, platform: Name): string | null {
    const site = this.sites[platform];
    const stripped = typed.replace(EDGES, '');
    if (/^[@/]*$/.test(stripped)) {
      return 'Enter a username.';
    }
    if (UNPRINTABLE.test(stripped)) {
      return `${shown(stripped)} cannot be a username on ${site.label}: it is too long or not plain text.`;
    }
    const address = this.cut(stripped);
    if (address === null) {
      return `${shown(stripped)} is not a link.`;
    }
    return this.checkSite(address, stripped, platform) ?? checkAccount(address, stripped, site) ?? checkLength(typed);
  }

  platformOf(typed: string): Name | null {
    return this.nameOfHost(this.cut(typed.replace(EDGES, ''))?.host ?? '');
  }

  accountKey(typed: string, platform: Name): string {
    const site = this.sites[platform];
    const parts = this.cut(typed.replace(EDGES, ''))?.parts ?? [typed];
    // A name under `/c/` or `/user/` may be another account than the handle of that name.
    const name = accountPath(parts, site) === '' ? parts.slice(0, 2).join('/') : nameIn(parts, site);
    return name.normalize('NFC').toLowerCase();
  }

  nameOf(typed: string, platform: Name): string | null {
    const address = this.cut(typed.replace(EDGES, ''));
    return address && this.check(typed, platform) === null ? nameIn(address.parts, this.sites[platform]) : null;
  }

  private checkSite({ host, parts }: Address, stripped: string, platform: Name): string | null {
    const { label } = this.sites[platform];
    if (!host) {
      const isOtherSite = parts[0].includes('.') && parts.length > 1 && !/^[@/]/.test(stripped);
      return isOtherSite ? this.notSupported(parts[0]) : null;
    }
    const found = this.nameOfHost(host);
    if (found === null) {
      return this.notSupported(host);
    }
    return found === platform ? null : `This is a link to ${this.sites[found].label}, but the job is for ${label}.`;
  }

  private notSupported(site: string): string {
    const labels = Object.values<Site>(this.sites).map(({ label }) => label);
    return `${shown(site)} is not supported. You can track ${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}.`;
  }

  /** Cut what was typed; null if it looks like a link and is not valid. A bare name becomes a path without a host. */
  private cut(stripped: string): Address | null {
    const [, scheme, afterScheme = ''] = /^(.*?):\/\/(.*)$/.exec(stripped) ?? [];
    const rest = scheme === undefined ? stripped.replace(/^\/\//, '') : afterScheme;
    if (scheme === undefined && rest === stripped && this.nameOfHost(authorityOf(rest).toLowerCase()) === null) {
      return { host: '', parts: partsOf(stripped) };
    }
    const authority = authorityOf(rest);
    const host = authority.replace(/^.*@/, '').replace(/:.*$/, '').toLowerCase();
    if (!/^https?$/i.test(scheme ?? 'https') || !host || /[[\]]/.test(authority)) {
      return null;
    }
    const path = rest.slice(authority.length).replace(/[?#].*$/, '');
    return { host, parts: partsOf(percentDecoded(path)) };
  }

  private nameOfHost(host: string): Name | null {
    const isOf = (name: Name) => this.sites[name].hosts.some((site) => host === site || host.endsWith(`.${site}`));
    return (Object.keys(this.sites) as Name[]).find(isOf) ?? null;
  }
}

const USERNAMES = new Usernames<Platform>(platforms);

function checkAccount({ host, parts }: Address, stripped: string, site: Site): string | null {
  const [first, second = ''] = parts;
  const isPath = host !== '' || parts.length > 1;
  const isPage = isPath && isOneOf(first, site.pages);
  const isPost = parts.length >= site.postParts && isOneOf(second, site.posts);
  const isShortLink = site.shortLinkHosts.some((pattern) => isWhole(host, pattern));
  if (/^@*$/.test(first) || isShortLink || isPage || isPost) {
    return notAProfile(site);
  }
  const pattern = accountPath(parts, site);
  if (pattern) {
    return isWhole(second, pattern) ? null : notAUsername(second, site);
  }
  return isUsername(nameIn(parts, site), site) ? null : notAUsername(stripped, site);
}

/** Return the pattern of the name that follows the path's first part; undefined if that part itself is the name. */
function accountPath(parts: Address['parts'], site: Site): string | undefined {
  return parts.length > 1 ? own(site.accountPaths, parts[0].toLowerCase()) : undefined;
}

function nameIn(parts: Address['parts'], site: Site): string {
  const [first, second = ''] = parts;
  return (accountPath(parts, site) === undefined ? first.replace(/^@/, '') : second).normalize('NFC');
}

/** Look up an own property only: people may type a name that every object inherits, such as `constructor`. */
function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isUsername(name: string, { username, anyScript }: Site): boolean {
  return isWhole(anyScript ? name.replace(/[\p{L}\p{M}\p{N}]/gu, 'a') : name, username);
}

function isWhole(text: string, pattern: string): boolean {
  return new RegExp(`^(?:${pattern})$`, 'u').test(text);
}

function isOneOf(part: string, words: readonly string[]): boolean {
  return words.length > 0 && new RegExp(`^(?:${words.join('|')})$`, 'i').test(part);
}

/** Check the length. This check comes last: if a long text also names no account, that is the more useful answer. */
function checkLength(typed: string): string | null {
  return typed.length > MAX_USERNAME_LENGTH ? `The username is longer than ${MAX_USERNAME_LENGTH} characters.` : null;
}

function notAProfile({ label, example }: Site): string {
  return (
    `This is not the link of a profile on ${label}. ` +
    `Give the account's name or its profile link, such as ${example}.`
  );
}

function notAUsername(typed: string, { label, usernameRule }: Site): string {
  return `${shown(typed)} cannot be a username on ${label}: ${usernameRule}.`;
}

function authorityOf(rest: string): string {
  return rest.replace(/[/?#].*$/, '');
}

function partsOf(path: string): [string, ...string[]] {
  const [first = '', ...rest] = path.split('/').filter((part) => part !== '');
  return [first, ...rest];
}

/** Decode as `decodeURIComponent` does, but keep invalid encodings as they are instead of throwing. */
function percentDecoded(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = run.split('%').slice(1);
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
  });
}

function shown(typed: string): string {
  const chars = [...typed];
  const clean = chars.slice(0, SHOWN_LENGTH).map((char) => (UNPRINTABLE.test(char) ? '?' : char));
  return `"${clean.join('')}${chars.length > SHOWN_LENGTH ? '…' : ''}"`;
}
