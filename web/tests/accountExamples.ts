/** The example documents of `contracts/account.json`, with timestamps in place of their texts. */

import { Timestamp } from 'firebase/firestore';
import contract from '../../contracts/account.json';

export type RecordKind = 'account' | 'video';
type Values = Readonly<Record<string, unknown>>;

interface FieldSpec {
  type: string;
  nullable: boolean;
  required: boolean;
  fallback: unknown;
}

export interface Example {
  name: string;
  id: string;
  document: Record<string, unknown>;
  /** For an odd document: the values that front ends read in place of the odd ones. */
  reads: Values;
}

export function fieldsOf(kind: RecordKind): Readonly<Record<string, FieldSpec>> {
  return contract[kind].fields;
}

export function examplesOf(kind: RecordKind): { valid: Example[]; odd: Example[] } {
  const { valid, odd } = contract[kind];
  return {
    valid: valid.map((example) => ({ ...example, reads: {}, document: withTimestamps(kind, example.document) })),
    odd: odd.map((example) => ({ ...example, document: withTimestamps(kind, example.document) })),
  };
}

function withTimestamps(kind: RecordKind, document: Values): Record<string, unknown> {
  const fields = fieldsOf(kind);
  const read = (field: string, value: unknown) => {
    if (fields[field]?.type === 'names' && Array.isArray(value)) {
      return value.map(({ username, until }) => ({ username, until: Timestamp.fromDate(new Date(until)) }));
    }
    const isMoment =
      fields[field]?.type === 'timestamp' && typeof value === 'string' && !Number.isNaN(Date.parse(value));
    return isMoment ? Timestamp.fromDate(new Date(value)) : value;
  };
  return Object.fromEntries(Object.entries(document).map(([field, value]) => [field, read(field, value)]));
}
