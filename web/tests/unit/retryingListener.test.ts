/** A failed listener is opened again. Meanwhile its watchers get errors and the last known jobs. */

import type { DocumentSnapshot, QuerySnapshot } from 'firebase/firestore';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TrackingJobError } from '../../src/errors';
import { openRetryingListener } from '../../src/retryingListener';
import { type Connection, SharedJobListener } from '../../src/sharedJobListener';
import { SignIns } from '../emulator/signIns';

const FAILED = { code: 'internal' };
const REFUSED = { code: 'permission-denied' };

/** Fake of Firestore: records the opened listeners and sends them snapshots and failures. */
class Source<S> {
  readonly opened: { next: (snapshot: S) => void; fail: (thrown: unknown) => void; isClosed: boolean }[] = [];

  readonly open = (next: (snapshot: S) => void, fail: (thrown: unknown) => void) => {
    const listener = { next, fail, isClosed: false };
    this.opened.push(listener);
    return () => {
      listener.isClosed = true;
    };
  };

  get last() {
    const last = this.opened.at(-1);
    if (!last) {
      throw new Error('nobody listens');
    }
    return last;
  }

  fail({ code }: { code: string }): void {
    this.last.fail(Object.assign(new Error(code), { code }));
  }
}

/** The part of a snapshot that the listener reads. */
function snapshotOf(ids: string[], fromCache = false): QuerySnapshot {
  const data = { platform: 'tiktok', accountType: 'my', status: 'pending' };
  const docs = ids.map((id) => ({ id, data: () => data }) as unknown as DocumentSnapshot);
  return { docs, metadata: { fromCache } } as unknown as QuerySnapshot;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('openRetryingListener', () => {
  function listen() {
    const source = new Source<QuerySnapshot>();
    const errors: TrackingJobError[] = [];
    const snapshots: QuerySnapshot[] = [];
    const stop = openRetryingListener(
      source.open,
      (snapshot) => snapshots.push(snapshot),
      (error) => errors.push(error),
    );
    return { source, errors, snapshots, stop };
  }

  /** `onError` gets a lasting failure once. */
  test('retries after 1, 2, 4 ... and at most 60 seconds', () => {
    const { source, errors } = listen();
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const before = source.opened.length;
      source.fail(FAILED);
      vi.advanceTimersByTime(seconds * 1_000 - 1);
      expect(source.opened).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(source.opened).toHaveLength(before + 1);
    }
    expect(errors.map(({ code }) => code)).toEqual(['unavailable']);
  });

  test('who was refused is not asked for again for half a minute', () => {
    const { source, errors } = listen();
    source.fail(REFUSED);
    vi.advanceTimersByTime(29_999);
    expect(source.opened).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(source.opened).toHaveLength(2);
    source.fail(FAILED);
    expect(errors.map(({ code }) => code)).toEqual(['not-allowed', 'unavailable']);
  });

  test('only an answer of the server makes a failure the first again', () => {
    const { source, errors } = listen();
    source.fail(FAILED);
    vi.advanceTimersByTime(1_000);
    source.last.next(snapshotOf([], true));
    source.fail(FAILED);
    vi.advanceTimersByTime(1_999);
    expect(source.opened).toHaveLength(2);
    vi.advanceTimersByTime(1);
    source.last.next(snapshotOf([]));
    source.fail(FAILED);
    vi.advanceTimersByTime(1_000);
    expect(source.opened).toHaveLength(4);
    expect(errors).toHaveLength(2);
  });

  test('once stopped it neither listens nor begins again', () => {
    const { source, stop } = listen();
    source.fail(FAILED);
    stop();
    vi.advanceTimersByTime(120_000);
    expect(source.opened.map(({ isClosed }) => isClosed)).toEqual([true]);
  });
});

describe('a sign-in', () => {
  const USER = { uid: 'mia' };

  function listen(signIns = new SignIns()) {
    const source = new Source<QuerySnapshot>();
    const errors: string[] = [];
    const stop = openRetryingListener(
      source.open,
      () => {},
      ({ code }) => errors.push(code),
      signIns.auth,
    );
    return { source, signIns, errors, stop };
  }

  test('lets who was refused listen again at once, and only once', () => {
    const { source, signIns } = listen();
    source.fail(REFUSED);
    signIns.change(USER);
    expect(source.opened).toHaveLength(2);
    vi.advanceTimersByTime(120_000);
    signIns.change({ uid: 'olga' });
    expect(source.opened).toHaveLength(2);
  });

  test('begins a new count: a new refusal is told, and waits 30 s', () => {
    const { source, signIns, errors } = listen();
    source.fail(REFUSED);
    signIns.change(USER);
    source.fail(REFUSED);
    expect(errors).toEqual(['not-allowed', 'not-allowed']);
    vi.advanceTimersByTime(30_000);
    expect(source.opened).toHaveLength(3);
  });

  test('leaves an open listener alone', async () => {
    const { source, signIns, errors } = listen();
    await vi.advanceTimersByTimeAsync(0); // Auth reports the user who is signed in already
    signIns.change(USER);
    expect(source.opened).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  test('is waited for: signed out, nothing is asked of the database', async () => {
    const { source, signIns, errors } = listen(new SignIns(null));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(source.opened).toHaveLength(0);
    expect(errors).toEqual(['not-signed-in']);
    signIns.change(USER);
    expect(source.opened).toHaveLength(1);
  });

  test('ends with a sign-out, which stops the retries, too', () => {
    const { source, signIns, errors } = listen();
    signIns.change(null);
    expect(source.last.isClosed).toBe(true);
    signIns.change(USER);
    expect(source.opened).toHaveLength(2);
    source.fail(REFUSED);
    signIns.change(null);
    vi.advanceTimersByTime(120_000);
    expect(source.opened).toHaveLength(2);
    expect(errors).toEqual(['not-signed-in', 'not-allowed', 'not-signed-in']);
  });

  test('after the watch was stopped opens nothing', async () => {
    const { source, signIns, stop } = listen(new SignIns(null));
    stop();
    await vi.advanceTimersByTimeAsync(0);
    signIns.change(USER);
    expect(source.opened).toHaveLength(0);
  });

  test('is no longer heard once nobody listens', () => {
    const { source, signIns, stop } = listen();
    expect(signIns.heardBy).toBe(1);
    source.fail(REFUSED);
    stop();
    expect(signIns.heardBy).toBe(0);
  });
});

describe('SharedJobListener', () => {
  interface Heard {
    ids: string[];
    connection: Connection;
  }

  function watch(project: SharedJobListener) {
    const heard: Heard[] = [];
    const errors: string[] = [];
    const watcher = project.add(
      (jobs, connection) => heard.push({ ids: jobs.map(({ id }) => id), connection }),
      (error) => errors.push(error.code),
    );
    return { heard, errors, watcher };
  }

  async function told(): Promise<void> {
    await vi.advanceTimersByTimeAsync(0);
  }

  /** A late watcher gets the last known jobs at once, but asynchronously. */
  test('listens once for all watchers, and stops with the last', async () => {
    const source = new Source<QuerySnapshot>();
    const project = new SharedJobListener(source.open);
    const first = watch(project);
    source.last.next(snapshotOf(['one']));
    const second = watch(project);
    expect(second.heard).toEqual([]);
    await told();
    expect(second.heard).toEqual([{ ids: ['one'], connection: 'live' }]);
    expect(source.opened).toHaveLength(1);
    expect(project.remove(first.watcher)).toBe(true);
    expect(source.last.isClosed).toBe(false);
    expect(project.remove(second.watcher)).toBe(false);
    expect(source.last.isClosed).toBe(true);
  });

  test('a watcher that leaves before delivery receives nothing', async () => {
    const source = new Source<QuerySnapshot>();
    const project = new SharedJobListener(source.open);
    const [gone, staying] = [watch(project), watch(project)];
    source.last.next(snapshotOf(['one']));
    project.remove(gone.watcher);
    await told();
    expect(gone.heard).toEqual([]);
    expect(staying.heard).toHaveLength(1);
  });

  test('a watcher may change its list without changing the others’', async () => {
    const source = new Source<QuerySnapshot>();
    const project = new SharedJobListener(source.open);
    project.add(
      (jobs) => jobs.splice(0),
      () => {},
    );
    const other = watch(project);
    source.last.next(snapshotOf(['one']));
    await told();
    expect(other.heard).toEqual([{ ids: ['one'], connection: 'live' }]);
  });

  /** After two seconds it is shown as `reconnecting`, unless the server has answered. */
  test('a first answer of the cache waits two seconds', async () => {
    const source = new Source<QuerySnapshot>();
    const { heard } = watch(new SharedJobListener(source.open));
    source.last.next(snapshotOf(['old'], true));
    await vi.advanceTimersByTimeAsync(1_999);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toEqual([{ ids: ['old'], connection: 'reconnecting' }]);

    const quick = new Source<QuerySnapshot>();
    const other = watch(new SharedJobListener(quick.open));
    quick.last.next(snapshotOf(['old'], true));
    quick.last.next(snapshotOf(['new']));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(other.heard).toEqual([{ ids: ['new'], connection: 'live' }]);
  });

  test('a failure shows the last known jobs until the next answer', async () => {
    const source = new Source<QuerySnapshot>();
    const project = new SharedJobListener(source.open);
    const { heard, errors } = watch(project);
    source.last.next(snapshotOf(['one']));
    source.fail(FAILED);
    const late = watch(project);
    await told();
    expect([errors, late.errors]).toEqual([['unavailable'], ['unavailable']]);
    expect(heard.at(-1)).toEqual({ ids: ['one'], connection: 'reconnecting' });
    await vi.advanceTimersByTimeAsync(1_000);
    source.last.next(snapshotOf(['one', 'two']));
    const later = watch(project);
    await told();
    expect(heard.at(-1)).toEqual({ ids: ['one', 'two'], connection: 'live' });
    expect(later.errors).toEqual([]);
  });

  test('what one may no longer read is no longer shown', async () => {
    const source = new Source<QuerySnapshot>();
    const { heard, errors } = watch(new SharedJobListener(source.open));
    source.last.next(snapshotOf(['one']));
    source.fail(REFUSED);
    await told();
    expect(heard.at(-1)).toEqual({ ids: [], connection: 'reconnecting' });
    expect(errors).toEqual(['not-allowed']);
  });
});
