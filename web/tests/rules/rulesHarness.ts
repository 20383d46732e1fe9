import { readFileSync } from 'node:fs';
import {
  initializeTestEnvironment,
  type RulesTestContext,
  type RulesTestEnvironment,
} from '@firebase/rules-unit-testing';
import { FirebaseError } from 'firebase/app';
import { type DocumentData, doc, type Firestore, setLogLevel, writeBatch } from 'firebase/firestore';

setLogLevel('silent'); // the SDK logs each denied request, and these tests expect most of them

/** Documents by path; null where no document must exist. */
export type Documents = Record<string, DocumentData | null>;

/** One request and the expected answer of the rules. */
export interface Case {
  name: string;
  allowed: boolean;
  /** The user's id; null when signed out. */
  as: string | null;
  /** Documents before the request, besides the background. */
  before?: Documents;
  /** Make the request. It may check the answer and throw. */
  run: (db: Firestore) => Promise<unknown>;
}

export const RULES = readFileSync(new URL('../../../firestore.rules', import.meta.url), 'utf8');

/** A project of the emulator with its own rules and the documents of the cases. */
export class RulesHarness {
  private readonly users = new Map<string | null, Firestore>();

  private constructor(
    private readonly env: RulesTestEnvironment,
    /** The database without rules, as the functions use it. */
    private readonly admin: Firestore,
    private readonly closeAdmin: () => void,
  ) {}

  static async open(projectId: string, background: Documents, rules = RULES): Promise<RulesHarness> {
    const env = await initializeTestEnvironment({ projectId, firestore: { rules } });
    const harness = await new Promise<RulesHarness>((resolve, reject) => {
      // The context ends when its callback ends, so the callback waits for `close`. A new context would take longer
      // than a case.
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

  /** The emulator's address for the rules and the coverage of this project. */
  get address(): string {
    const { host, port } = this.env.emulators.firestore as { host: string; port: number };
    return `http://${host}:${port}/emulator/v1/projects/${this.env.projectId}`;
  }

  /** Load other rules. Rejects with line and column when the emulator cannot parse them. */
  async load(rules: string): Promise<void> {
    const body = JSON.stringify({ rules: { files: [{ content: rules }] } });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.address}:securityRules`, { method: 'PUT', headers, body });
    if (!response.ok) {
      throw new Error(await response.text());
    }
  }

  /** Make the case's request. Rejects when it fails for another reason than the rules. */
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
        return true; // the rules allowed an update of a document that does not exist
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

/** Cast the test environment's older Firestore object; the modular functions accept it, too. */
function firestoreOf(context: RulesTestContext): Firestore {
  return context.firestore() as unknown as Firestore;
}
