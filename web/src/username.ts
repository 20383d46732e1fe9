/**
 * What people type to name an account, checked before a job is written.
 *
 * The platform modules of the functions (`tracking/platforms`) have the last word; this module says the same, in the
 * same sentences, while the person still looks at the form. `contracts/usernames.json` holds both together. Everybody
 * counts the 100 characters differently: Python code points, Firestore's rules (on the emulator) UTF-16 units. This
 * module counts the latter, which are never fewer.
 */

import { MAX_USERNAME_LENGTH, PLATFORM_LABELS, type Platform } from './job';

interface Site {
  hosts: readonly string[];
  example: string;
  username: RegExp;
  rule: string;
  /** First parts of a link's path that are pages of the site, not accounts. */
  pages: RegExp;
  isPost: (second: string, parts: number) => boolean;
}

const SITES: Readonly<Record<Platform, Site>> = {
  instagram: {
    hosts: ['instagram.com', 'instagr.am'],
    example: 'https://www.instagram.com/nasa/',
    username: /^[a-z0-9._]{1,50}$/i,
    rule: 'it has 1 to 30 letters, digits, periods and underscores',
    pages:
      /^(p|reels?|tv|explore|stories|accounts|direct|about|legal|developer|directory|web|graphql|s|share|oauth|api|_u)$/i,
    isPost: (second, parts) => parts > 2 && /^(p|reels?|tv)$/i.test(second),
  },
  tiktok: {
    hosts: ['tiktok.com'],
    example: 'https://www.tiktok.com/@nasa',
    username: /^[a-z0-9._]{1,50}$/i,
    rule: 'it has up to 24 letters, digits, periods and underscores',
    pages:
      /^(tag|discover|explore|foryou|following|friends|live|music|video|photo|t|v|share|embed|about|legal|upload|search|login|signup|business|channel|messages|setting)$/i,
    isPost: (second) => /^(video|photo)$/i.test(second),
  },
  youtube: {
    hosts: ['youtube.com', 'youtu.be'],
    example: 'https://www.youtube.com/@NASA',
    username: /^[\p{L}\p{M}\p{N}_.·-]{1,100}$/u,
    rule: 'a handle has 3 to 30 letters, digits, periods, hyphens and underscores, and a channel id is UC and 22 more',
    pages:
      /^(watch|shorts|playlist|live|embed|v|e|feed|results|hashtag|gaming|premium|post|clip|redirect|attribution_link|account|signin|upload|t|about|ads|creators|kids|music|tv|trending)$/i,
    isPost: () => false,
  },
  twitter: {
    hosts: ['x.com', 'twitter.com'],
    example: 'https://x.com/NASA',
    username: /^[a-z0-9_]{1,50}$/i,
    rule: 'it has 1 to 15 letters, digits and underscores',
    pages:
      /^(i|home|explore|search|hashtag|intent|share|settings|messages|notifications|login|signup|tos|privacy|compose|jobs|download|about|who_to_follow)$/i,
    isPost: (second) => /^status(es)?$/i.test(second),
  },
};

/** Links that lead to a post, or to somewhere that only the site knows. */
const SHORT_LINKS = /^(vm\.tiktok\.com|vt\.tiktok\.com|(.*\.)?youtu\.be)$/;
const CHANNEL_ID = /^UC[A-Za-z0-9_-]{22}$/;
/** As Python's `str.strip`, but for separators that nobody types; unlike `trim()` it leaves a byte order mark. */
const EDGES = /^(?:(?!\ufeff)[\s\x85])+|(?:(?!\ufeff)[\s\x85])+$/g;
/** As Python's `str.isprintable`: control characters, half surrogate pairs, spaces other than the plain one. */
const UNPRINTABLE = /\p{C}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/u;
const SHOWN_LENGTH = 40;

/** A link, cut; `host` is lower case, and "" when a bare name was typed. At least one part, the first not empty. */
interface Address {
  host: string;
  parts: [string, ...string[]];
}

/** Why `typed` names no account of the platform, in a sentence; null when it does. For a form, and for `createJob`. */
export function checkUsername(typed: string, platform: Platform): string | null {
  const name = PLATFORM_LABELS[platform];
  const stripped = typed.replace(EDGES, '');
  if (/^[@/]*$/.test(stripped)) {
    return `No username for ${name} was given.`;
  }
  if (UNPRINTABLE.test(stripped)) {
    return `${shown(stripped)} cannot be a username on ${name}: it is too long or not plain text.`;
  }
  const address = cut(stripped);
  if (address === null) {
    return `${shown(stripped)} is not a link.`;
  }
  return checkSite(address, stripped, platform) ?? checkAccount(address, stripped, platform) ?? checkLength(typed);
}

/** The platform whose site a link leads to; null for a bare name and for other sites. */
export function platformOf(typed: string): Platform | null {
  return platformOfHost(cut(typed.replace(EDGES, ''))?.host ?? '');
}

function checkSite({ host, parts }: Address, stripped: string, platform: Platform): string | null {
  const name = PLATFORM_LABELS[platform];
  if (!host) {
    const isOtherSite = parts[0].includes('.') && parts.length > 1 && !/^[@/]/.test(stripped);
    return isOtherSite ? `${shown(stripped)} is not a link to ${name}.` : null;
  }
  const found = platformOfHost(host);
  if (found === null) {
    return `A link to ${shown(host)} is not a link to ${name}.`;
  }
  return found === platform ? null : `This is a link to ${PLATFORM_LABELS[found]}, but the job is for ${name}.`;
}

function checkAccount({ host, parts }: Address, stripped: string, platform: Platform): string | null {
  const site = SITES[platform];
  const [first, second = ''] = parts;
  const isPath = host !== '' || parts.length > 1;
  const isPage = isPath && site.pages.test(first);
  if (/^@*$/.test(first) || SHORT_LINKS.test(host) || isPage || site.isPost(second, parts.length)) {
    return notAProfile(platform);
  }
  if (platform === 'youtube' && parts.length > 1 && first.toLowerCase() === 'channel') {
    return CHANNEL_ID.test(second) ? null : notAUsername(second, platform);
  }
  const isOldName = platform === 'youtube' && parts.length > 1 && /^(c|user)$/i.test(first);
  const username = (isOldName ? second : first.replace(/^@/, '')).normalize('NFC');
  return site.username.test(username) ? null : notAUsername(stripped, platform);
}

/** Asked last: of a long text that names no account this would be the smaller fault. */
function checkLength(typed: string): string | null {
  return typed.length > MAX_USERNAME_LENGTH ? `The username is longer than ${MAX_USERNAME_LENGTH} characters.` : null;
}

function notAProfile(platform: Platform): string {
  return (
    `This is not the link of a profile on ${PLATFORM_LABELS[platform]}. ` +
    `Give the account's name or its profile link, such as ${SITES[platform].example}.`
  );
}

function notAUsername(typed: string, platform: Platform): string {
  return `${shown(typed)} cannot be a username on ${PLATFORM_LABELS[platform]}: ${SITES[platform].rule}.`;
}

/** Null for a link that is none. A bare name is taken as a path on the platform's own site. */
function cut(stripped: string): Address | null {
  const [, scheme, afterScheme = ''] = /^(.*?):\/\/(.*)$/.exec(stripped) ?? [];
  const rest = scheme === undefined ? stripped.replace(/^\/\//, '') : afterScheme;
  if (scheme === undefined && rest === stripped && platformOfHost(authorityOf(rest).toLowerCase()) === null) {
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

function authorityOf(rest: string): string {
  return rest.replace(/[/?#].*$/, '');
}

function partsOf(path: string): [string, ...string[]] {
  const [first = '', ...rest] = path.split('/').filter((part) => part !== '');
  return [first, ...rest];
}

/** `decodeURIComponent` that leaves what is no encoding as it is, instead of throwing. */
function percentDecoded(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = run.split('%').slice(1);
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
  });
}

function platformOfHost(host: string): Platform | null {
  const isOf = ([, site]: [string, Site]) => site.hosts.some((known) => host === known || host.endsWith(`.${known}`));
  return (Object.entries(SITES).find(isOf)?.[0] as Platform | undefined) ?? null;
}

function shown(typed: string): string {
  const chars = [...typed];
  const clean = chars.slice(0, SHOWN_LENGTH).map((char) => (UNPRINTABLE.test(char) ? '?' : char));
  return `"${clean.join('')}${chars.length > SHOWN_LENGTH ? '…' : ''}"`;
}
