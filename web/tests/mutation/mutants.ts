import account from '../../../contracts/account.json';
import contract from '../../../contracts/job.json';
import settings from '../../../contracts/notifications.json';
import { platforms } from '../../../contracts/platforms.json';
import webhooks from '../../../contracts/webhooks.json';
import { type Expression, withOperands, withoutComments } from '../rules/coverage';

/** The rules with one change. */
export interface Mutant {
  /** Offsets of the replaced text. */
  start: number;
  end: number;
  line: number;
  column: number;
  /** The change, as `before -> after`. */
  change: string;
  /** Whether the mutant can only allow more than the rules, never less. */
  isWeaker: boolean;
  rules: string;
}

const VERBS = ['get', 'list', 'create', 'update', 'delete'] as const;

/** Vocabularies. If all words of a list in the rules are in one vocabulary, mutants add its other words to the list. */
const VOCABULARIES: readonly (readonly string[])[] = [
  contract.statuses,
  Object.keys(contract.fields),
  [...Object.keys(platforms), 'facebook'],
  [...contract.accountTypes, 'partner'],
  ['owner', 'admin', 'member'],
  Object.keys(account.account.fields),
  [...account.cadences, 'hourly'],
  Object.keys(webhooks.endpoint.fields),
  Object.keys(webhooks.delivery.fields),
  webhooks.delivery.states,
  Object.keys(settings.fields),
  [...settings.cadences, 'hourly'],
];

/** Paths of documents that no rule allows, and of collection-group queries (`{path=**}`). */
const ELSEWHERE = [
  'trackingControl/{id}',
  'outbox/{id}',
  'mail/{id}',
  'mailSuppressions/{id}',
  'organizations/{orgId}/mailWindows/{id}',
  'organizations/{id}',
  'organizations/{orgId}/members/{id}',
  'organizations/{orgId}/projects/{id}',
  'organizations/{orgId}/projects/{projectId}/trackedAccounts/{accountId}/videoIndex/{id}',
  'elsewhere/{id}',
  'organizations/{orgId}/projects/{projectId}/removedAccounts/{id}',
  '{path=**}/videos/{id}',
  '{path=**}/trackedAccounts/{id}',
  '{path=**}/accountHistory/{id}',
  '{path=**}/videoHistory/{id}',
  '{path=**}/videoIndex/{id}',
  '{path=**}/webhookEndpoints/{id}',
  '{path=**}/deliveries/{id}',
  '{path=**}/notificationSettings/{id}',
];

/**
 * Return every mutant of the rules. `parsed` is the emulator's parse of the same rules, with the offsets of each
 * expression.
 */
export function mutants(rules: string, parsed: readonly Expression[]): Mutant[] {
  const all = withOperands(parsed);
  const changes = [
    ...parsed.flatMap(ofRoot),
    ...all.flatMap((one) => ofOperator(one, rules)),
    ...all.flatMap(ofList),
    ...ofLiterals(rules),
    ...ofMethods(rules),
    ...ofVerbs(rules),
    ...ofPaths(rules),
  ];
  return changes.map(({ start, end, by, isWeaker }) => {
    const lines = rules.slice(0, start).split('\n');
    return {
      start,
      end,
      line: lines.length,
      column: (lines.at(-1) ?? '').length + 1,
      change: `${withoutComments(rules).slice(start, end)} -> ${by}`.replace(/\s+/g, ' '),
      isWeaker,
      rules: rules.slice(0, start) + by + rules.slice(end),
    };
  });
}

type Change = Pick<Mutant, 'start' | 'end' | 'isWeaker'> & { by: string };

function replace({ start, end }: Pick<Mutant, 'start' | 'end'>, by: string): Change {
  return { start, end, by, isWeaker: by === 'true' };
}

function weaken(place: Pick<Mutant, 'start' | 'end'>, by: string): Change {
  return { ...replace(place, by), isWeaker: true };
}

/** Replace a whole condition, or the whole body of a function. */
function ofRoot(root: Expression): Change[] {
  return ['true', 'false'].map((by) => replace(root, by));
}

function ofOperator(one: Expression, rules: string): Change[] {
  const [left, right] = one.operands;
  if (left && !right && one.text.startsWith('!')) {
    return [replace(one, left.text)];
  }
  if (!left || !right) {
    return [];
  }
  const between = { start: left.end, end: right.start };
  const operator = rules.slice(between.start, between.end).trim();
  switch (operator) {
    case '&&':
    case '||':
      return [left, right].flatMap((operand) => [replace(operand, 'true'), replace(operand, 'false')]);
    case '==':
      return [replace(between, ' != ')];
    case '!=':
      return [replace(between, ' == ')];
    case '<=':
      // A test never hits the exact moment of a limit, so `<` in place of `<=` would not be noticed.
      return (one.text.includes('request.time') ? ['>='] : ['<', '>=']).map((by) => replace(between, ` ${by} `));
    case 'in':
      return [replace(one, `!(${one.text})`)];
    default:
      return [];
  }
}

/** Drop each element of a list, and add each word of its vocabulary. */
function ofList(one: Expression): Change[] {
  if (!/^\[.+\]$/s.test(one.text)) {
    return [];
  }
  const elements = one.text.slice(1, -1).split(/,\s*(?![^(]*\))/);
  const words = elements.map((element) => element.replaceAll("'", ''));
  const known = VOCABULARIES.filter((vocabulary) => words.every((word) => vocabulary.includes(word)));
  const others = known.flat().filter((word) => !words.includes(word));
  const list = (some: string[]) => `[${some.join(', ')}]`;
  return [
    ...elements.map((dropped) => replace(one, list(elements.filter((element) => element !== dropped)))),
    ...others.map((word) => weaken(one, list([...elements, `'${word}'`]))),
  ];
}

/** Change each text, number and null. In a pattern, also change each number and drop each alternative. */
function ofLiterals(rules: string): Change[] {
  return findIn(rules, /'[^']*'|\b\d+\b|\bnull\b/g).flatMap((literal) => {
    const { text } = literal;
    if (text === 'null') {
      return [replace(literal, "'null'")];
    }
    if (!text.startsWith("'")) {
      return [Number(text) + 1, Number(text) - 1].map((by) => replace(literal, String(by)));
    }
    const isPattern = rules.slice(0, literal.start).endsWith('.matches(');
    return [replace(literal, `${text.slice(0, -1)}~'`), ...(isPattern ? ofPattern(literal) : [])];
  });
}

function ofPattern({ start, end, text }: Found): Change[] {
  const numbers = [...text.matchAll(/\d+/g)].flatMap((number) =>
    [1, -1].map(
      (by) =>
        text.slice(0, number.index) + String(Number(number[0]) + by) + text.slice(number.index + number[0].length),
    ),
  );
  const alternatives = text.slice(1, -1).split('|');
  const fewer =
    alternatives.length === 1 ? [] : alternatives.map((dropped) => alternatives.filter((one) => one !== dropped));
  return [...numbers, ...fewer.map((left) => `'${left.join('|')}'`)].map((by) => replace({ start, end }, by));
}

function ofMethods(rules: string): Change[] {
  return findIn(rules, /\bhasOnly\b/g).map((method) => weaken(method, 'hasAny'));
}

/** Drop each verb of each `allow`, and add each other verb where the condition also makes sense for it. */
function ofVerbs(rules: string): Change[] {
  return findIn(rules, /\ballow ([a-z, ]+)(:[^;]*;)/g).flatMap((statement) => {
    const [verbs, condition] = [verbsOf(statement.groups[0] ?? ''), statement.groups[1] ?? ''];
    const others = condition.includes('resource') ? [] : VERBS.filter((verb) => !verbs.includes(verb));
    // Not dropped as a whole: a match without any `allow` cannot be read.
    const none = `allow ${verbs.join(', ')}: if false;`;
    const allow = (some: string[]) => (some.length === 0 ? none : `allow ${some.join(', ')}${condition}`);
    return [
      ...verbs.map((dropped) => replace(statement, allow(verbs.filter((verb) => verb !== dropped)))),
      ...others.map((verb) => weaken(statement, allow([...verbs, verb]))),
    ];
  });
}

function verbsOf(list: string): string[] {
  const short: Record<string, string[]> = { read: ['get', 'list'], write: ['create', 'update', 'delete'] };
  return list.split(',').flatMap((verb) => short[verb.trim()] ?? [verb.trim()]);
}

/**
 * Open each block, and each path of `ELSEWHERE`, to every signed-in user, one verb at a time. Also extend each block to
 * all documents below its path: except for the requests to the cleanup, because those below would need the deletion of a
 * document below an account, which no rule allows.
 */
function ofPaths(rules: string): Change[] {
  const hole = (verb: string) => `allow ${verb}: if request.auth != null;`;
  const [documents, ...blocks] = findIn(rules, /\bmatch \S+ {/g);
  const elsewhere = (verb: string) => ELSEWHERE.map((path) => `match /${path} { ${hole(verb)} }`);
  return [
    ...blocks
      .filter(({ text }) => !text.includes('/removedAccounts/'))
      .map((block) => weaken(block, block.text.replace(/(\w+)} {$/, '$1=**} {'))),
    ...blocks.flatMap((block) =>
      VERBS.filter((verb) => !rules.slice(block.end).trimStart().startsWith(hole(verb))) // it is open already
        .map((verb) => weaken(block, `${block.text} ${hole(verb)}`)),
    ),
    ...VERBS.flatMap(elsewhere).flatMap((block) => (documents ? weaken(documents, `${documents.text} ${block}`) : [])),
  ];
}

interface Found {
  start: number;
  end: number;
  text: string;
  groups: string[];
}

/** Find a pattern in the rules, outside of comments and of the version line. */
function findIn(rules: string, pattern: RegExp): Found[] {
  const source = withoutComments(rules).replace(/rules_version.*/, (version) => ' '.repeat(version.length));
  return [...source.matchAll(pattern)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    text: match[0],
    groups: match.slice(1),
  }));
}
