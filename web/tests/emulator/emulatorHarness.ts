/** A separate project of the emulator, with the real rules, its users, and a connection that can be cut. */

import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { deleteApp, type FirebaseApp, initializeApp } from 'firebase/app';
import {
  collection,
  connectFirestoreEmulator,
  type DocumentData,
  deleteDoc,
  doc,
  type EmulatorMockTokenOptions,
  type Firestore,
  getDocFromServer,
  getDocsFromServer,
  getFirestore,
  onSnapshot,
  query,
  setDoc,
  setLogLevel,
  Timestamp,
  where,
  writeBatch,
} from 'firebase/firestore';
import { type AccountSource, TrackingJobService, type TrackingJobServiceOptions } from '../../src/service';

setLogLevel('silent'); // refusals are part of these tests

export const ORG = 'acme';
export const PROJECT = 'spring';
export const OWNER = 'olga';
export const MEMBER = 'mia';
export const STRANGER = 'sven';

const [HOST = '', PORT = ''] = (process.env.FIRESTORE_EMULATOR_HOST ?? '').split(':');
/** The emulator accepts this token as an administrator's, for whom the rules do not apply. */
const ADMINISTRATOR = 'owner';
/** The emulator may be slow while other tests run beside these. */
const LISTENER_LIMIT_MS = 30_000;

export class Harness {
  readonly #projectId = `demo-service-${Math.random().toString(36).slice(2)}`;
  readonly #apps: FirebaseApp[] = [];
  readonly #wires: Wire[] = [];
  readonly #admin = this.#firestore(ADMINISTRATOR);

  static async create(): Promise<Harness> {
    const harness = new Harness();
    await harness.#loadRules();
    await harness.set(`organizations/${ORG}/members/${OWNER}`, { role: 'owner' });
    await harness.set(`organizations/${ORG}/members/${MEMBER}`, { role: 'member' });
    await harness.set(`organizations/other/members/${STRANGER}`, { role: 'owner' });
    return harness;
  }

  serviceOf(uid: string, options: Omit<TrackingJobServiceOptions, 'firestore'> = {}): TrackingJobService {
    return new TrackingJobService({ firestore: this.#firestore({ sub: uid }), ...options });
  }

  /** Make a user's database, for the readers of accounts. */
  sourceOf(uid: string): AccountSource {
    return { firestore: this.#firestore({ sub: uid }) };
  }

  /** Make a service whose connection to the emulator can be cut, and return its database, too. */
  async wiredServiceOf(
    uid: string,
    options: Omit<TrackingJobServiceOptions, 'firestore'> = {},
  ): Promise<{ service: TrackingJobService; firestore: Firestore; wire: Wire }> {
    const wire = new Wire();
    this.#wires.push(wire);
    const firestore = this.#firestore({ sub: uid }, await wire.join());
    return { service: new TrackingJobService({ firestore, ...options }), firestore, wire };
  }

  /** Write as the functions do, without rules. */
  async set(path: string, data: DocumentData): Promise<void> {
    await setDoc(doc(this.#admin, path), data);
  }

  async setJobs(count: number, fields: DocumentData): Promise<void> {
    const batch = writeBatch(this.#admin);
    for (let index = 0; index < count; index += 1) {
      batch.set(doc(collection(this.#admin, 'trackingJobs')), jobDocument(fields));
    }
    await batch.commit();
  }

  async delete(path: string): Promise<void> {
    await deleteDoc(doc(this.#admin, path));
  }

  async get(path: string): Promise<DocumentData | undefined> {
    return (await getDocFromServer(doc(this.#admin, path))).data();
  }

  /** Wait for a job's status. Uses one listener: after many quick reads the emulator never answers again. */
  async untilStatus(path: string, status: string): Promise<void> {
    const statuses = new Recorder<unknown>();
    const stop = onSnapshot(doc(this.#admin, path), (snapshot) => statuses.record(snapshot.get('status')));
    await statuses.until((one) => one === status, LISTENER_LIMIT_MS).finally(stop);
  }

  /** Wait for the first job of a project, and return its id. */
  async firstJob(projectId: string): Promise<string> {
    const ids = new Recorder<string | null>();
    const jobs = query(collection(this.#admin, 'trackingJobs'), where('projectId', '==', projectId));
    const stop = onSnapshot(jobs, ({ docs }) => ids.record(docs[0]?.id ?? null));
    return String(await ids.until((id) => id !== null, LISTENER_LIMIT_MS).finally(stop));
  }

  async jobs(): Promise<DocumentData[]> {
    const { docs } = await getDocsFromServer(collection(this.#admin, 'trackingJobs'));
    return docs.map((snapshot) => snapshot.data());
  }

  async end(): Promise<void> {
    await Promise.all(this.#apps.map(deleteApp));
    await Promise.all(this.#wires.map((wire) => wire.cut()));
  }

  #firestore(mockUserToken: EmulatorMockTokenOptions | string, port = Number(PORT)): Firestore {
    const app = initializeApp({ projectId: this.#projectId }, `${this.#projectId}-${this.#apps.length}`);
    this.#apps.push(app);
    const firestore = getFirestore(app);
    connectFirestoreEmulator(firestore, HOST, port, { mockUserToken });
    return firestore;
  }

  async #loadRules(): Promise<void> {
    const content = readFileSync(new URL('../../../firestore.rules', import.meta.url), 'utf8');
    const answer = await fetch(`http://${HOST}:${PORT}/emulator/v1/projects/${this.#projectId}:securityRules`, {
      method: 'PUT',
      body: JSON.stringify({ rules: { files: [{ name: 'firestore.rules', content }] } }),
    });
    if (!answer.ok) {
      throw new Error(`The emulator refused the rules: ${await answer.text()}`);
    }
  }
}

/** A TCP proxy between a client and the emulator, which can be cut and joined again at the same address. */
export class Wire {
  readonly #connections = new Set<{ client: Socket; upstream: Socket }>();
  #server: Server | null = null;
  #port = 0;

  /** Listen; resolves to the port to connect to. */
  async join(): Promise<number> {
    const server = createServer((client) => {
      const upstream = connect(Number(PORT), HOST);
      client.pipe(upstream).pipe(client);
      const connection = { client, upstream };
      this.#connections.add(connection);
      for (const socket of [client, upstream]) {
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          this.#connections.delete(connection);
          (socket === client ? upstream : client).destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    const address = server.address();
    this.#port = typeof address === 'object' && address ? address.port : 0;
    this.#server = server;
    return this.#port;
  }

  /** Drop replies and let requests through, until the wire is cut and joined again. */
  loseReplies(): void {
    for (const { upstream } of this.#connections) {
      upstream.unpipe();
      upstream.resume();
    }
  }

  /** Hold back everything in both directions until `flow`, without closing a connection. */
  stall(): void {
    for (const { client, upstream } of this.#connections) {
      client.unpipe();
      upstream.unpipe();
    }
  }

  /** Deliver everything that `stall` held back. */
  flow(): void {
    for (const { client, upstream } of this.#connections) {
      client.pipe(upstream).pipe(client);
    }
  }

  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server) {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const { client, upstream } of this.#connections) {
        client.destroy();
        upstream.destroy();
      }
      await closed;
    }
  }
}

export function jobDocument(fields: DocumentData = {}): DocumentData {
  return {
    orgId: ORG,
    projectId: PROJECT,
    userId: MEMBER,
    username: '@NASA',
    platform: 'instagram',
    accountType: 'my',
    status: 'pending',
    progress: 0,
    message: 'Waiting to start.',
    createdAt: Timestamp.now(),
    retryCount: 0,
    ...fields,
  };
}

/** Recorder of the values that a watcher gets, in order. `until` waits until a condition holds for the last one. */
export class Recorder<T> {
  readonly all: T[] = [];
  #waiting: { isTrue: (value: T) => boolean; resolve: (value: T) => void }[] = [];

  readonly record = (value: T): void => {
    this.all.push(value);
    this.#waiting = this.#waiting.filter(({ isTrue, resolve }) => {
      const done = isTrue(value);
      if (done) {
        resolve(value);
      }
      return !done;
    });
  };

  async until(isTrue: (value: T) => boolean, deadlineMs = 10_000): Promise<T> {
    const last = this.all.at(-1);
    if (last !== undefined && isTrue(last)) {
      return last;
    }
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`not recorded in time; recorded so far: ${JSON.stringify(this.all)}`)),
        deadlineMs,
      );
      this.#waiting.push({
        isTrue,
        resolve: (value) => {
          clearTimeout(late);
          resolve(value);
        },
      });
    });
  }
}
