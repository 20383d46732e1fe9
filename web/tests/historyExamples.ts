/** The example documents of `contracts/history.json`, with timestamps in place of their texts. */

import { Timestamp } from 'firebase/firestore';
import contract from '../../contracts/history.json';

export interface Example {
  name: string;
  validity: 'valid' | 'odd';
  id: string;
  document: Record<string, unknown>;
  /** The values that front ends read: of an account by day, of videos by id and day. Times are texts. */
  reads: object;
}

export function examplesOf(kind: 'account' | 'video'): Example[] {
  const { valid, odd } = contract[kind];
  return [
    ...valid.map((example) => ({ ...example, validity: 'valid' as const, document: withTimestamps(example.document) })),
    ...odd.map((example) => ({ ...example, validity: 'odd' as const, document: withTimestamps(example.document) })),
  ];
}

function withTimestamps(document: object): Record<string, unknown> {
  return withTimes(document, (at) => Timestamp.fromDate(at)) as Record<string, unknown>;
}

/** Put dates in place of their texts, as front ends read them. */
export function withDates(reads: object): object {
  return withTimes(reads, (at) => at) as object;
}

function withTimes(value: unknown, timeOf: (at: Date) => unknown, key = ''): unknown {
  if (key === 'at' && typeof value === 'string' && !Number.isNaN(Date.parse(value))) {
    return timeOf(new Date(value));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withTimes(part, timeOf, name)]));
}
