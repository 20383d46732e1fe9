import { readFileSync } from 'node:fs';
import {
  initializeTestEnvironment,
  type RulesTestContext,
  type RulesTestEnvironment,
} from '@firebase/rules-unit-testing';
import { FirebaseError } from 'firebase/app';
import { type DocumentData, doc, type Firestore, setLogLevel, writeBatch } from 'firebase/firestore';

setLogLevel('silent'); // the SDK logs each request that is denied, and most of these shall be

/** Documents by their paths; null: there is none. */
export type Documents = Record<string, DocumentData | null>;

/** One request, and whether it is allowed. */
export interface Case {
  name: string;
  allowed: boolean;
  /** The user's id, or null: signed out. */
  as: string | null;
  /** What is there before, besides the background. */
  before?: Documents;
  /** The request. It may also look at the answer, and throw. */
  run: (db: Firestore) => Promise<unknown>;
}

export const RULES = readFileSync(new URL('../../../firestore.rules', import.meta.url), 'utf8');

/** A Firestore project of the emulator, with rules of its own and the documents that the cases need. */
export class RulesHarness {
  private readonly users = new Map<string | null, Firestore>();

  private constructor(
    private readonly env: RulesTestEnvironment,
    /** Not bound by the rules, as the functions are not. */
    private readonly admin: Firestore,
    private readonly closeAdmin: () => void,
  ) {}

  static async open(projectId: string, background: Documents, rules = RULES): Promise<RulesHarness> {
    const env = await initializeTestEnvironment({ projectId, firestore: { rules } });
    const harness = await new Promise<RulesHarness>((resolve, reject) => {
      // This context lives until its callback ends, so here it does not: a new one for each case costs more than the case.
      env
        .withSecurityRulesDisabled(
          (context) => new Promise<void>((close) => resolve(new RulesHarness(env, firestoreOf(context), close))),
        )
        .catch(reject);
    });
    await env.clearFirestore();
    await harness.write(background);
    return harness;
  }

  /** Where the emulator tells about this project's rules, and takes others. */
  get address(): string {
    const { host, port } = this.env.emulators.firestore as { host: string; port: number };
    return `http://${host}:${port}/emulator/v1/projects/${this.env.projectId}`;
  }

  /** Rejects, with line and column, rules that cannot be read. */
  async load(rules: string): Promise<void> {
    const body = JSON.stringify({ rules: { files: [{ content: rules }] } });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.address}:securityRules`, { method: 'PUT', headers, body });
    if (!response.ok) {
      throw new Error(await response.text());
    }
  }

  /** Makes the case's request. Rejects when it fails for another reason than the rules. */
  async isAllowed({ as, before, run }: Case): Promise<boolean> {
    await this.write(before ?? {});
    try {
      await run(this.firestore(as));
      return true;
    } catch (error) {
      if (error instanceof FirebaseError && error.code === 'permission-denied') {
        return false;
      }
      if (error instanceof FirebaseError && error.code === 'not-found') {
        return true; // the rules let an update pass that finds no document
      }
      throw error;
    }
  }

  async write(documents: Documents): Promise<void> {
    const batch = writeBatch(this.admin);
    for (const [path, data] of Object.entries(documents)) {
      const reference = doc(this.admin, path);
      data === null ? batch.delete(reference) : batch.set(reference, data);
    }
    await batch.commit();
  }

  async close(): Promise<void> {
    this.closeAdmin();
    await this.env.cleanup();
  }

  private firestore(as: string | null): Firestore {
    const known = this.users.get(as);
    if (known) {
      return known;
    }
    const made = firestoreOf(as === null ? this.env.unauthenticatedContext() : this.env.authenticatedContext(as));
    this.users.set(as, made);
    return made;
  }
}

/** The test environment still hands out the older API's object, which the functions of today's take as well. */
function firestoreOf(context: RulesTestContext): Firestore {
  return context.firestore() as unknown as Firestore;
}
