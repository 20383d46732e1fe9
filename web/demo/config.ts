/** Reader of `config.json`: the stack's addresses and the demo's users. The local stack serves it beside the page. */

import { PLATFORMS, type Platform } from '../src/job';

export interface DemoUser {
  email: string;
  password: string;
  /** The organisation and the project whose accounts this user sees. */
  orgId: string;
  trackedProjectId: string;
  /** The user's name on the sign-in button. */
  label: string;
}

/** An account to begin with, for a project that has none. */
export interface Sample {
  username: string;
  platform: Platform;
}

export interface DemoConfig {
  /** Id of the Firebase project. */
  projectId: string;
  /** Host and port of the Firestore emulator. */
  firestore: string;
  /** Address of the Auth emulator. */
  auth: string;
  /** Address of `POST /trigger`, which starts jobs at once. With "" jobs wait for the minute's tick. */
  triggerUrl: string;
  /** Base address of `POST /webhooks/secret` and `POST /webhooks/wake`. With "" no secret can be shown. */
  newsUrl: string;
  /** Address of `POST /day`, which lets a day pass on the local stack. "" where nothing can do that. */
  dayUrl: string;
  users: DemoUser[];
  /** May be missing in the file. Accounts of unknown platforms are left out. */
  samples: Sample[];
}

export const NO_CONFIG =
  'This page runs on the local stack, and found no config.json beside it: start the stack with “make demo” and open the address that it prints.';

/** Load and read `config.json`. Rejects with an Error whose message is a sentence for a person. */
export async function loadConfig(fetching: typeof fetch = fetch): Promise<DemoConfig> {
  const answer = await fetching('./config.json', { cache: 'no-store' }).catch(() => null);
  if (!answer?.ok) {
    throw new Error(NO_CONFIG);
  }
  return readConfig(await answer.json().catch(() => null));
}

/** Check a configuration. Throws an Error that names the first missing or wrong key. */
export function readConfig(found: unknown): DemoConfig {
  const known = textsOf(found, 'config.json', ['projectId', 'firestore', 'auth']);
  const { triggerUrl, newsUrl, dayUrl, users, samples } = found as Record<string, unknown>;
  if (!Array.isArray(users) || users.length === 0) {
    throw new Error('config.json names no users.');
  }
  return {
    ...known,
    triggerUrl: typeof triggerUrl === 'string' ? triggerUrl : '',
    newsUrl: typeof newsUrl === 'string' ? newsUrl : '',
    dayUrl: typeof dayUrl === 'string' ? dayUrl : '',
    users: users.map((user, index) =>
      textsOf(user, `config.json, users[${index}]`, ['email', 'password', 'orgId', 'trackedProjectId', 'label']),
    ),
    samples: Array.isArray(samples) ? samples.filter(isSample) : [],
  };
}

function isSample(value: unknown): value is Sample {
  const { username, platform } = (value ?? {}) as Record<string, unknown>;
  return typeof username === 'string' && PLATFORMS.some((name) => name === platform);
}

/** Return the texts under `keys`. Throws for a missing or empty one. */
function textsOf<K extends string>(found: unknown, where: string, keys: readonly K[]): Record<K, string> {
  const values: Partial<Record<K, unknown>> = typeof found === 'object' && found !== null ? found : {};
  const read = (key: K): [K, string] => {
    const value = values[key];
    if (typeof value !== 'string' || value === '') {
      throw new Error(`${where}: “${key}” is missing.`);
    }
    return [key, value];
  };
  return Object.fromEntries(keys.map(read)) as Record<K, string>;
}
