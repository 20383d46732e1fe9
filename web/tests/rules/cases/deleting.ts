import { deleteDoc, doc, writeBatch } from 'firebase/firestore';
import {
  ADMIN,
  FINISHED,
  fullJob,
  MEMBER,
  NOBODY,
  OUTSIDER,
  OWNER,
  ownJob,
  STATUSES,
  WITHOUT_ROLE,
} from '../background';
import type { Case } from '../rulesHarness';

const PEOPLE: [string | null, string][] = [
  [OWNER, 'its owner'],
  [ADMIN, 'its admin'],
  [MEMBER, 'a plain member'],
  [WITHOUT_ROLE, 'a member without a role'],
  [OUTSIDER, 'the owner of another organisation'],
  [NOBODY, 'nobody'],
];

function remove(status: (typeof STATUSES)[number], as: string | null, who: string): Case {
  const path = ownJob();
  return {
    name: `delete a job that is ${status} as ${who}`,
    allowed: FINISHED.includes(status) && (as === OWNER || as === ADMIN),
    as,
    before: { [path]: fullJob(status) },
    run: (db) => deleteDoc(doc(db, path)),
  };
}

/** Delete many jobs in one batch. The rules read the member document once, far below the limit of 20 reads. */
function removeMany(allowed: boolean, last: (typeof STATUSES)[number]): Case {
  const paths = Array.from({ length: 60 }, ownJob);
  const statuses = paths.map((_, number) => (number === paths.length - 1 ? last : 'completed'));
  return {
    name: `delete 60 jobs in one batch, the last of them ${last}`,
    allowed,
    as: ADMIN,
    before: Object.fromEntries(paths.map((path, number) => [path, fullJob(statuses[number] ?? last)])),
    run: (db) => paths.reduce((batch, path) => batch.delete(doc(db, path)), writeBatch(db)).commit(),
  };
}

export const deleting: Case[] = [
  ...STATUSES.flatMap((status) => PEOPLE.map(([as, who]) => remove(status, as, who))),
  removeMany(true, 'failed'),
  removeMany(false, 'processing'),
  {
    name: 'delete a job that is not there',
    allowed: false,
    as: OWNER,
    run: (db) => deleteDoc(doc(db, 'trackingJobs/gone')),
  },
];
