import { Timestamp } from 'firebase/firestore';
import { expect, it } from 'vitest';
import contract from '../../../contracts/refreshWaits.json';
import { readPlatformWaits, readWait, WAITS_DOCUMENT } from '../../src/refreshWaits';

const until = new Date('2026-11-25T00:00:00Z');
const stored = Timestamp.fromDate(until);

/** Return an example of the contract as Firestore would have it. */
function fromContract(example: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(example), (key, value) =>
    key === 'until' ? Timestamp.fromDate(new Date(value)) : value,
  );
}

it('knows the documents and the examples of the contract', () => {
  expect(contract.platforms.document).toBe(WAITS_DOCUMENT);
  expect(contract.organization.document).toBe(`organizations/{orgId}/${WAITS_DOCUMENT}`);
  expect(readPlatformWaits(fromContract(contract.platforms.example))).toEqual([
    { platform: 'youtube', until, all: false },
  ]);
  expect(readWait(fromContract(contract.organization.example))).toEqual({ until, all: true });
  expect(Object.keys(contract.fields)).toEqual(['until', 'all']);
});

it.each([[undefined], [null], [{}], [{ until: null, all: false }], [{ until: '00:00', all: true }], ['soon'], [7]])(
  'finds no wait in %j',
  (data) => {
    expect(readWait(data as never)).toBeNull();
    expect(readPlatformWaits({ youtube: data, facebook: { until: stored, all: true } })).toEqual([]);
  },
);

it.each([[undefined], ['yes'], [1], [null]])('takes presses as possible where all is %j', (all) => {
  expect(readWait({ until: stored, all })).toEqual({ until, all: false });
});
