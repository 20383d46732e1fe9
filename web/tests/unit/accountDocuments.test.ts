import { type QueryDocumentSnapshot, Timestamp } from 'firebase/firestore';
import { describe, expect, it } from 'vitest';
import { readAccount, readVideo } from '../../src/accountDocuments';

function snapshot(data: Record<string, unknown>): QueryDocumentSnapshot {
  return { id: 'the-id', data: () => data } as unknown as QueryDocumentSnapshot;
}

describe('a tracked account', () => {
  it('is read as the pipeline saves it', () => {
    const saved = { platform: 'tiktok', username: 'nasa', displayName: 'NASA', isVerified: true, followerCount: 0 };
    const lastSyncedAt = Timestamp.fromDate(new Date('2026-11-23T12:00:00Z'));
    expect(readAccount(snapshot({ ...saved, accountType: 'my', lastSyncedAt }))).toMatchObject({
      ...saved,
      id: 'the-id',
      accountType: 'my',
      isPrivate: false,
      lastSyncedAt: new Date('2026-11-23T12:00:00Z'),
    });
  });

  it('without a display name goes by its username', () => {
    expect(readAccount(snapshot({ username: 'nasa', displayName: ' ' })).displayName).toBe('nasa');
  });

  it('keeps counts unknown that the platform hides', () => {
    const account = readAccount(snapshot({ followerCount: null, postCount: 'many' }));
    expect([account.followerCount, account.postCount, account.totalViews]).toEqual([null, null, null]);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', '//evil.test', ''])('takes no link from %j', (address) => {
    const account = readAccount(snapshot({ profileUrl: address, avatarUrl: address }));
    expect([account.profileUrl, account.avatarUrl]).toEqual([null, null]);
  });
});

describe('a copy of a picture', () => {
  const copy = (url: unknown) => ({ url, source: '9f86d081884c7d65', expiresAt: Timestamp.now() });

  it('is read as its address, beside the one of the platform', () => {
    const account = readAccount(snapshot({ avatarUrl: 'https://a.example/1', avatar: copy('https://b.example/2') }));
    expect([account.avatarUrl, account.avatar]).toEqual(['https://a.example/1', 'https://b.example/2']);
    expect(readVideo(snapshot({ thumbnail: copy('https://b.example/3') })).thumbnail).toBe('https://b.example/3');
  });

  it.each([undefined, null, 'https://b.example/2', 7, [], {}, copy(null), copy('javascript:alert(1)')])(
    'is none in %j',
    (odd) => {
      expect(readAccount(snapshot({ avatar: odd })).avatar).toBeNull();
      expect(readVideo(snapshot({ thumbnail: odd })).thumbnail).toBeNull();
    },
  );
});

describe('a video', () => {
  it('without a title shows its caption', () => {
    expect(readVideo(snapshot({ title: '', caption: 'A walk on Mars' })).text).toBe('A walk on Mars');
  });

  it('of a media type not known yet counts as a video', () => {
    expect(readVideo(snapshot({ mediaType: 'hologram' })).mediaType).toBe('video');
  });
});
