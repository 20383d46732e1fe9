import { type DocumentData, deleteField, doc, serverTimestamp, Timestamp, updateDoc } from 'firebase/firestore';
import contract from '../../../../contracts/account.json';
import { examplesOf, fieldsOf } from '../../accountExamples';
import { ACCOUNTS, IN_BOTH, MEMBER, NOBODY, OUTSIDER, OWNER, WITHOUT_ROLE } from '../background';
import type { Case } from '../rulesHarness';

const MINUTE_MS = 60_000; // all moments are far from a limit, because the mutation tests run for minutes
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const OTHERS: Readonly<Record<string, unknown>> = {
  string: 'another',
  int: 7,
  timestamp: Timestamp.fromMillis(Date.UTC(2025, 5, 1)),
  picture: { url: 'https://copies.example/other.webp' },
  growth: { since: '2025-06-01' },
  names: [],
  counts: [7],
  spikes: { followers: null, views: null },
};
const [example] = examplesOf('account').valid;

let accounts = 0;

/** Return the moment so many milliseconds from now. */
function inMs(ms: number): Timestamp {
  return Timestamp.fromMillis(Date.now() + ms);
}

/** Make an account that was fetched and asked for two hours ago. A field that is undefined is left out. */
function account(fields: DocumentData = {}): DocumentData {
  const before = inMs(-2 * HOUR_MS);
  const all = { ...example?.document, lastSyncedAt: before, refreshAskedAt: before, ...fields };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function update(
  allowed: boolean,
  name: string,
  before: DocumentData,
  change: DocumentData,
  as: string | null = MEMBER,
): Case {
  accounts += 1;
  const path = `${ACCOUNTS}/refreshed-${accounts}`;
  return { name, allowed, as, before: { [path]: account(before) }, run: (db) => updateDoc(doc(db, path), change) };
}

const OFF = { refreshCadence: 'off', nextRefreshAt: null };
const NOW = { nextRefreshAt: serverTimestamp(), refreshAskedAt: serverTimestamp() };

/** Try a change of an account in acme as each kind of user. */
function byWhom(what: string, before: DocumentData, change: DocumentData): Case[] {
  const people: [string | null, boolean][] = [
    [OWNER, true],
    [WITHOUT_ROLE, true],
    [IN_BOTH, true],
    [OUTSIDER, false],
    [NOBODY, false],
  ];
  return people.map(([as, allowed]) => update(allowed, `${what} as ${as ?? 'nobody'}`, before, change, as));
}

/** Return a value of the field's type that the account does not have. */
function otherValue(field: string, type: string): unknown {
  return type === 'bool' ? !example?.document[field] : OTHERS[type];
}

/** Try a change together with each field that does not belong to it. */
function withOthers(what: string, before: DocumentData, change: DocumentData): Case[] {
  const others = Object.entries(fieldsOf('account')).filter(([field]) => !(field in change));
  return [
    update(false, `${what} and set somethingElse`, before, { ...change, somethingElse: 1 }),
    ...others.flatMap(([field, { type }]) => [
      update(false, `${what} and set ${field}`, before, { ...change, [field]: otherValue(field, type) }),
      update(
        false,
        `${what} and delete ${field}`,
        { ...before, [field]: otherValue(field, type) },
        { ...change, [field]: deleteField() },
      ),
    ]),
  ];
}

const cadences: Case[] = [
  ...byWhom('choose weekly', {}, { refreshCadence: 'weekly' }),
  ...withOthers('choose weekly in 90 minutes', {}, { refreshCadence: 'weekly', nextRefreshAt: inMs(1.5 * HOUR_MS) }),
  ...contract.cadences
    .filter((mode) => mode !== 'off')
    .flatMap((refreshCadence) => [
      update(true, `choose ${refreshCadence} first`, { refreshCadence: undefined }, { refreshCadence }),
      update(false, `choose ${refreshCadence} and no next time`, OFF, { refreshCadence }),
      update(
        false,
        `choose ${refreshCadence} and null as the next time`,
        { refreshCadence: undefined },
        { ...OFF, refreshCadence },
      ),
      update(true, `choose ${refreshCadence} in 90 minutes instead of off`, OFF, {
        refreshCadence,
        nextRefreshAt: inMs(1.5 * HOUR_MS),
      }),
    ]),
  update(true, 'choose off', {}, OFF),
  update(true, 'choose off for an account without a next time', { nextRefreshAt: null }, { refreshCadence: 'off' }),
  update(false, 'choose off and keep the next time', {}, { refreshCadence: 'off' }),
  update(false, 'choose off and delete the next time', {}, { refreshCadence: 'off', nextRefreshAt: deleteField() }),
  update(false, 'choose off in 90 minutes', {}, { refreshCadence: 'off', nextRefreshAt: inMs(1.5 * HOUR_MS) }),
  update(
    false,
    'choose a cadence and delete the next time',
    {},
    { refreshCadence: '6h', nextRefreshAt: deleteField() },
  ),
  update(false, 'choose a cadence and a text as the next time', {}, { refreshCadence: '6h', nextRefreshAt: 'soon' }),
  update(false, 'choose a cadence and this moment', {}, { refreshCadence: '6h', nextRefreshAt: serverTimestamp() }),
  update(false, 'choose a cadence in 30 minutes', {}, { refreshCadence: '6h', nextRefreshAt: inMs(30 * MINUTE_MS) }),
  update(true, 'choose a cadence in 6.5 days', {}, { refreshCadence: '6h', nextRefreshAt: inMs(6.5 * DAY_MS) }),
  update(false, 'choose a cadence in 7.5 days', {}, { refreshCadence: '6h', nextRefreshAt: inMs(7.5 * DAY_MS) }),
  update(false, 'choose hourly', {}, { refreshCadence: 'hourly' }),
  update(false, 'choose a number as the cadence', {}, { refreshCadence: 6 }),
  update(false, 'delete the cadence', {}, { refreshCadence: deleteField() }),
  update(false, 'choose the same cadence again', {}, { refreshCadence: 'daily' }),
  update(false, 'move the next time and no cadence', {}, { nextRefreshAt: inMs(1.5 * HOUR_MS) }),
];

const pressing: Case[] = [
  ...byWhom('refresh now', {}, NOW),
  ...withOthers('refresh now', {}, NOW),
  update(true, 'refresh now for the first time', { refreshAskedAt: undefined, refreshCadence: undefined }, NOW),
  update(true, 'refresh now an account without a next time', { nextRefreshAt: null }, NOW),
  update(false, 'refresh now an account that is off', OFF, NOW),
  ...(['lastSyncedAt', 'refreshAskedAt'] as const).flatMap((field) => [
    update(true, `refresh now, 90 minutes after ${field}`, { [field]: inMs(-1.5 * HOUR_MS) }, NOW),
    update(false, `refresh now, 30 minutes after ${field}`, { [field]: inMs(-30 * MINUTE_MS) }, NOW),
    update(false, `refresh now, with a text as ${field}`, { [field]: 'yesterday' }, NOW),
  ]),
  update(false, 'refresh now an account that was never fetched', { lastSyncedAt: undefined }, NOW),
  ...(['nextRefreshAt', 'refreshAskedAt'] as const).flatMap((field) => [
    update(false, `refresh now and keep ${field}`, {}, { ...NOW, [field]: account()[field] }),
    update(false, `refresh now and leave out ${field}`, {}, without(field)),
    update(false, `refresh now at a client's time as ${field}`, {}, { ...NOW, [field]: inMs(-1_000) }),
    update(false, `refresh now and delete ${field}`, {}, { ...NOW, [field]: deleteField() }),
  ]),
];

function without(field: keyof typeof NOW): DocumentData {
  return Object.fromEntries(Object.entries(NOW).filter(([name]) => name !== field));
}

/** Members choose how often an account is refreshed, and ask for a refresh at once. They change nothing else. */
export const refreshing: Case[] = [...cadences, ...pressing];
