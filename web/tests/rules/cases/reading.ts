import {
  collection,
  collectionGroup,
  type DocumentData,
  doc,
  documentId,
  type Firestore,
  getCountFromServer,
  getDocFromServer,
  getDocsFromServer,
  onSnapshot,
  orderBy,
  type Query,
  type QuerySnapshot,
  query,
  Timestamp,
  where,
} from 'firebase/firestore';
import {
  ACCOUNT,
  ACCOUNT_HISTORY,
  ACCOUNTS,
  ACME_JOB,
  GLOBEX_JOB,
  MEMBER,
  NOBODY,
  OUTSIDER,
  VIDEO,
  VIDEO_HISTORY,
  WITHOUT_ROLE,
} from '../background';
import type { Case } from '../rulesHarness';

type Ask = (db: Firestore) => Query;

const jobs = (db: Firestore) => collection(db, 'trackingJobs');
const ofAcme: Ask = (db) => query(jobs(db), where('orgId', '==', 'acme'));
const ofAcmeProject: Ask = (db) => query(ofAcme(db), where('projectId', '==', 'p1'), orderBy('createdAt', 'desc'));
const finishedOfAcme: Ask = (db) =>
  query(
    ofAcme(db),
    where('status', 'in', ['completed', 'failed', 'cancelled']),
    where('createdAt', '<', Timestamp.now()),
    orderBy('createdAt', 'desc'),
  );
const accounts: Ask = (db) => query(collection(db, ACCOUNTS), orderBy('dateAdded', 'desc'));
const videos: Ask = (db) => query(collection(db, ACCOUNT, 'videos'), orderBy('publishedAt', 'desc'));

/** The documents of an account's history from one month on. */
const history =
  (name: string): Ask =>
  (db) =>
    query(collection(db, ACCOUNT, name), where(documentId(), '>=', '2026-11'));

const get = (allowed: boolean, name: string, path: string, as: string | null): Case => ({
  name: `get ${name}`,
  allowed,
  as,
  run: (db) => getDocFromServer(doc(db, path)),
});

const list = (allowed: boolean, name: string, ask: Ask, as: string | null): Case => ({
  name: `list ${name}`,
  allowed,
  as,
  run: (db) => getDocsFromServer(ask(db)),
});

/** Return the first server answer of a listener; rejects when it is denied. */
function firstAnswer(asked: Query): Promise<QuerySnapshot<DocumentData>> {
  return new Promise((resolve, reject) => {
    const stop = onSnapshot(
      asked,
      { includeMetadataChanges: true },
      (snapshot) => {
        if (!snapshot.metadata.fromCache) {
          stop();
          resolve(snapshot);
        }
      },
      reject,
    );
  });
}

const watch = (allowed: boolean, name: string, ask: Ask, as: string | null): Case => ({
  name: `watch ${name}`,
  allowed,
  as,
  run: (db) => firstAnswer(ask(db)),
});

const count = (allowed: boolean, name: string, ask: Ask, as: string | null): Case => ({
  name: `count ${name}`,
  allowed,
  as,
  run: (db) => getCountFromServer(ask(db)),
});

/** Get a job that does not exist: the answer must be empty, not an error, so that a page can forget the job. */
const gone = (allowed: boolean, as: string | null): Case => ({
  name: `get a job that is gone as ${as ?? 'nobody'}`,
  allowed,
  as,
  before: { 'trackingJobs/gone': null },
  run: async (db) => {
    const snapshot = await getDocFromServer(doc(db, 'trackingJobs/gone'));
    if (snapshot.exists()) {
      throw new Error('The job is still there.');
    }
  },
});

export const reading: Case[] = [
  get(true, 'a job as a member', ACME_JOB, MEMBER),
  get(true, 'a job as a member without a role', ACME_JOB, WITHOUT_ROLE),
  get(false, "another organisation's job", GLOBEX_JOB, MEMBER),
  get(false, 'a job as the owner of another organisation', ACME_JOB, OUTSIDER),
  get(false, 'a job when signed out', ACME_JOB, NOBODY),
  gone(true, MEMBER),
  gone(true, OUTSIDER),
  gone(false, NOBODY),

  list(true, "one's organisation's jobs", ofAcme, MEMBER),
  list(true, "a project's jobs, newest first", ofAcmeProject, MEMBER),
  list(true, 'the finished jobs that are old', finishedOfAcme, MEMBER),
  list(false, "another organisation's jobs", ofAcme, OUTSIDER),
  list(false, "a project's jobs as an outsider", ofAcmeProject, OUTSIDER),
  list(false, 'jobs when signed out', ofAcme, NOBODY),
  list(false, 'all jobs', jobs, MEMBER),
  list(
    false,
    "a project's jobs without the organisation",
    (db) => query(jobs(db), where('projectId', '==', 'p1')),
    MEMBER,
  ),
  list(
    false,
    "one's own jobs without the organisation",
    (db) => query(jobs(db), where('userId', '==', MEMBER)),
    MEMBER,
  ),
  list(
    false,
    "one's organisation's jobs together with another's",
    (db) => query(jobs(db), where('orgId', 'in', ['acme', 'globex'])),
    MEMBER,
  ),
  list(
    false,
    'the jobs of an organisation that is not there',
    (db) => query(jobs(db), where('orgId', '==', '')),
    MEMBER,
  ),
  list(
    false,
    'jobs of all depths',
    (db) => query(collectionGroup(db, 'trackingJobs'), where('orgId', '==', 'acme')),
    MEMBER,
  ),

  watch(true, "a project's jobs", ofAcmeProject, MEMBER),
  watch(false, "another organisation's jobs", ofAcmeProject, OUTSIDER),
  watch(false, 'all jobs', jobs, MEMBER),
  watch(false, 'jobs when signed out', ofAcme, NOBODY),
  count(true, "one's organisation's jobs", ofAcme, MEMBER),
  count(false, 'all jobs', jobs, MEMBER),

  get(true, 'an account as a member', ACCOUNT, MEMBER),
  get(true, 'an account that is gone as a member', `${ACCOUNT}0`, MEMBER),
  get(false, 'an account as an outsider', ACCOUNT, OUTSIDER),
  get(false, 'an account when signed out', ACCOUNT, NOBODY),
  list(true, "a project's accounts as a member", accounts, MEMBER),
  list(false, "a project's accounts as an outsider", accounts, OUTSIDER),
  get(true, 'a video as a member', VIDEO, MEMBER),
  get(false, 'a video as an outsider', VIDEO, OUTSIDER),
  get(false, 'a video when signed out', VIDEO, NOBODY),
  list(true, "an account's videos as a member", videos, MEMBER),
  list(false, "an account's videos as an outsider", videos, OUTSIDER),
  watch(true, "an account's videos as a member", videos, MEMBER),
  watch(false, "an account's videos as an outsider", videos, OUTSIDER),

  ...[
    ['an account', ACCOUNT_HISTORY, 'accountHistory'] as const,
    ["an account's videos", VIDEO_HISTORY, 'videoHistory'] as const,
  ].flatMap(([whose, path, name]) => [
    get(true, `the history of ${whose} as a member`, path, MEMBER),
    get(true, `a month without history of ${whose} as a member`, `${path}-9`, MEMBER),
    get(false, `the history of ${whose} as an outsider`, path, OUTSIDER),
    get(false, `the history of ${whose} when signed out`, path, NOBODY),
    list(true, `the history of ${whose} as a member`, history(name), MEMBER),
    list(false, `the history of ${whose} as an outsider`, history(name), OUTSIDER),
    list(false, `the history of ${whose} when signed out`, history(name), NOBODY),
    watch(true, `the history of ${whose} as a member`, history(name), MEMBER),
    watch(false, `the history of ${whose} as an outsider`, history(name), OUTSIDER),
    list(false, `the ${name} of all accounts`, (db) => collectionGroup(db, name), MEMBER),
  ]),

  list(false, 'videos of all accounts', (db) => collectionGroup(db, 'videos'), MEMBER),
  list(false, 'accounts of all projects', (db) => collectionGroup(db, 'trackedAccounts'), MEMBER),
];
