/** The queries of a project's jobs. `firestore.indexes.json` has an index for each. */

import { collection, type Firestore, limit, orderBy, type Query, query, where } from 'firebase/firestore';
import { CANCELLABLE, NEWEST_JOBS } from './job';
import { COLLECTION } from './jobDocuments';

/** The project's newest `count` jobs. The rules demand that a query names the organisation. */
export function newestJobs(firestore: Firestore, orgId: string, projectId: string, count: number = NEWEST_JOBS): Query {
  return query(
    collection(firestore, COLLECTION),
    where('orgId', '==', orgId),
    where('projectId', '==', projectId),
    orderBy('createdAt', 'desc'),
    limit(count),
  );
}

/** The project's newest 200 jobs that wait or run. */
export function unfinishedJobs(firestore: Firestore, orgId: string, projectId: string): Query {
  return query(
    collection(firestore, COLLECTION),
    where('orgId', '==', orgId),
    where('projectId', '==', projectId),
    where('status', 'in', CANCELLABLE),
    orderBy('createdAt', 'desc'),
    limit(NEWEST_JOBS),
  );
}
