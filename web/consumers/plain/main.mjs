/** A page without React and TypeScript. Node loads the files as they are, so each import needs its whole name. */

import { existsSync } from 'node:fs';
import { EVENT_TYPES, urlProblem } from 'account-tracking/news';
import TrackingJobService, { TrackingJobError } from 'account-tracking/service';
import { checkUsername, platformOf } from 'account-tracking/username';
import { initializeApp } from 'firebase/app';
import { getFirestore } from 'firebase/firestore';

if (existsSync('node_modules/react')) {
  throw new Error('npm installed React, which this page does not need.');
}
if (platformOf('https://www.tiktok.com/@nasa') !== 'tiktok' || checkUsername('@nasa', 'tiktok') !== null) {
  throw new Error('The checks of usernames do not work.');
}
if (EVENT_TYPES.length === 0 || urlProblem('http://example.com') !== 'not-https') {
  throw new Error('The checks of webhooks do not work.');
}
TrackingJobService.setUp({ firestore: getFirestore(initializeApp({ projectId: 'demo-consumer' })) });
const refused = await TrackingJobService.createJob('acme', 'spring', 'mia', '', 'tiktok', 'my').catch((error) => error);
if (!(refused instanceof TrackingJobError && refused.field === 'username')) {
  throw new Error(`A job without a username was not refused: ${refused}`);
}
console.log(refused.message);
process.exit(0); // Firestore's client would keep the process
