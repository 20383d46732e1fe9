import type { Case } from '../rulesHarness';
import { accounts } from './accounts';
import { changing } from './changing';
import { creating } from './creating';
import { deleting } from './deleting';
import { managingDeliveries } from './deliveries';
import { elsewhere } from './elsewhere';
import { managingEndpoints } from './endpoints';
import { reading } from './reading';
import { refreshing } from './refreshing';
import { removing } from './removing';
import { notifying } from './settings';

/** All requests, which are tried on firestore.rules and on each mutant. */
export const CASES: readonly Case[] = [
  ...creating,
  ...changing,
  ...deleting,
  ...reading,
  ...accounts,
  ...refreshing,
  ...removing,
  ...managingEndpoints,
  ...managingDeliveries,
  ...notifying,
  ...elsewhere,
];
