import { describe, expect, it } from 'vitest';
import { loadConfig, NO_CONFIG, readConfig } from '../../demo/config';

const USER = {
  email: 'ada@demo.test',
  password: 'tracking',
  orgId: 'demo-org',
  trackedProjectId: 'demo-project',
  label: 'Ada (demo-org)',
};
const CONFIG = {
  projectId: 'demo-tracking',
  firestore: '127.0.0.1:8790',
  auth: 'http://127.0.0.1:9099',
  triggerUrl: 'http://127.0.0.1:4566/trigger',
  newsUrl: 'http://127.0.0.1:4566',
  dayUrl: './day',
  users: [USER],
  samples: [{ username: 'NASA', platform: 'instagram' }],
};

describe('config.json', () => {
  it('is read as the local stack writes it, without other keys', async () => {
    const fetching = async () => Response.json({ ...CONFIG, orgId: 'demo-org' });
    expect(await loadConfig(fetching)).toEqual(CONFIG);
  });

  it('may have no dayUrl: no day can pass', () => {
    expect(readConfig({ ...CONFIG, dayUrl: undefined }).dayUrl).toBe('');
  });

  it('may have no newsUrl: no secret can be shown', () => {
    expect(readConfig({ ...CONFIG, newsUrl: undefined }).newsUrl).toBe('');
  });

  it('may have no triggerUrl: jobs wait for the minute', () => {
    expect(readConfig({ ...CONFIG, triggerUrl: undefined }).triggerUrl).toBe('');
  });

  it.each([undefined, [], [null, 7, { username: 'NASA' }, { username: 'NASA', platform: 'threads' }]])(
    'may have no samples (%#)',
    (samples) => {
      expect(readConfig({ ...CONFIG, samples }).samples).toEqual([]);
    },
  );

  it.each([
    ['absent', async () => new Response('', { status: 404 })],
    ['out of reach', () => Promise.reject(new TypeError('Failed to fetch'))],
  ])('that is %s is told in a sentence', async (_, fetching) => {
    await expect(loadConfig(fetching)).rejects.toThrow(NO_CONFIG);
  });

  it.each([
    [null, 'config.json: “projectId” is missing.'],
    [{ ...CONFIG, auth: '' }, 'config.json: “auth” is missing.'],
    [{ ...CONFIG, firestore: 8790 }, 'config.json: “firestore” is missing.'],
    [{ ...CONFIG, users: [] }, 'config.json names no users.'],
    [{ ...CONFIG, users: [USER, { ...USER, orgId: null }] }, 'config.json, users[1]: “orgId” is missing.'],
  ])('that lacks something is refused by name (%#)', (found, sentence) => {
    expect(() => readConfig(found)).toThrow(sentence);
  });
});
