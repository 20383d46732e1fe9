/** The front end reads accounts and videos as contracts/account.json says. Functions and rules use it, too. */

import { type DocumentSnapshot, Timestamp } from 'firebase/firestore';
import { describe, expect, test } from 'vitest';
import contract from '../../../contracts/account.json';
import { CADENCES, MEDIA_TYPES, UNAVAILABLE } from '../../src/account';
import { readAccount, readVideo } from '../../src/accountDocuments';
import { type Example, examplesOf, fieldsOf, type RecordKind } from '../accountExamples';

const READERS = { account: readAccount, video: readVideo };
/** Fields that are not read, since the document's id says the same. */
const UNREAD = ['videoId'];
const ODD_VALUES = [
  undefined,
  null,
  { a: 1 },
  [],
  [7],
  '',
  'text',
  7.5,
  -1,
  Number.NaN,
  Infinity,
  true,
  Timestamp.now(),
];

function read(kind: RecordKind, id: string, data: object): Record<string, unknown> {
  return { ...READERS[kind]({ id, data: () => data } as unknown as DocumentSnapshot) };
}

/** Apply the contract: a value of the field's type is read as it is, any other value as the field's fallback. */
function expected(kind: RecordKind, { id, document, reads }: Example): Record<string, unknown> {
  const fields = Object.entries(fieldsOf(kind)).filter(([field]) => !UNREAD.includes(field));
  const values = fields.map(([field, { type, fallback }]) => {
    const value = document[field];
    return [field, isOf(type, value) ? asRead(type, value) : fallback];
  });
  const all: Record<string, unknown> = { id, ...Object.fromEntries(values), ...reads };
  return kind === 'video' ? { ...all, text: all.title || all.caption } : all;
}

function asRead(type: string, value: unknown): unknown {
  if (type === 'picture') {
    return (value as { url: string }).url;
  }
  if (type === 'names') {
    return (value as { username: string; until: Timestamp }[]).map(({ username, until }) => ({
      username,
      until: until.toDate(),
    }));
  }
  return value instanceof Timestamp ? value.toDate() : value;
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'timestamp':
      return value instanceof Timestamp;
    case 'strings':
    case 'counts':
    case 'names':
      return Array.isArray(value);
    case 'growth':
      return typeof (value as { since?: unknown } | undefined)?.since === 'string';
    case 'spikes':
      return typeof value === 'object' && value !== null;
    case 'picture':
      return typeof (value as { url?: unknown } | undefined)?.url === 'string';
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    default:
      return typeof value === 'number';
  }
}

test('media types are those of the contract', () => {
  expect(MEDIA_TYPES).toEqual(contract.mediaTypes);
  expect(CADENCES).toEqual(contract.cadences);
  expect(UNAVAILABLE).toEqual(contract.unavailable);
});

describe.each(['account', 'video'] as const)('%s', (kind) => {
  const { valid, odd } = examplesOf(kind);

  test.each(valid)('valid: $name', (example) => {
    const result = read(kind, example.id, example.document);
    expect(result).toEqual(expected(kind, example));
  });

  test.each(odd)('odd: $name', (example) => {
    expect(read(kind, example.id, example.document)).toEqual(expected(kind, example));
  });

  test.each(Object.keys(fieldsOf(kind)))('any value of %s can be read', (field) => {
    const [{ id, document }] = valid as [Example];
    const usual = read(kind, id, document);
    for (const value of ODD_VALUES) {
      const result = read(kind, id, { ...document, [field]: value });
      const others = ({ [field]: _, displayName, text, ...rest }: Record<string, unknown>) => rest;
      expect(others(result)).toEqual(others(usual));
    }
  });
});
