import { mkdirSync, writeFileSync } from 'node:fs';
import type { RulesHarness } from './rulesHarness';

/** An expression of the rules, as the emulator's parser read it. */
export interface Expression {
  /** Offset of its first character in the rules. */
  start: number;
  /** Offset behind its last character. */
  end: number;
  text: string;
  /** Counted from 1. */
  line: number;
  column: number;
  /** Number of evaluations that gave a value. */
  count: number;
  /** Operands in the order of the text. */
  operands: Expression[];
}

export interface Report {
  rules: { files: { content: string }[] };
  report: ReportNode[];
}

interface ReportNode {
  /** `endOffset` is the offset of the last character. The emulator leaves out numbers that are 0. */
  sourcePosition: { line: number; column: number; currentOffset: number; endOffset: number };
  values?: ReportValue[];
  children?: ReportNode[];
}

/** `value` has one key, which names the value's type; no key if the expression was not evaluated. */
interface ReportValue {
  value: Record<string, unknown>;
  count: number;
}

/**
 * Fetch the emulator's coverage report since the rules were loaded. The report repeats each requested document for
 * every expression that uses the document: 37 MB after 500 requests.
 * https://firebase.google.com/docs/rules/emulator-reports
 */
export async function coverage(harness: RulesHarness): Promise<Report> {
  const response = await fetch(`${harness.address}:ruleCoverage`);
  return (await response.json()) as Report;
}

/** Return the expression of each function and of each `allow`. */
export function expressions({ rules, report }: Report): Expression[] {
  const source = withoutComments(rules.files.map((file) => file.content).join());
  return report.map((node) => expression(node, source));
}

/** Replace comments by blanks, so that all offsets stay. Two slashes in a text are no comment. */
export function withoutComments(rules: string): string {
  return rules.replace(/'[^'\n]*'|\/\/.*/g, (found) => (found.startsWith("'") ? found : ' '.repeat(found.length)));
}

function expression({ sourcePosition, values = [], children = [] }: ReportNode, source: string): Expression {
  const { line, column, currentOffset: start, endOffset } = sourcePosition;
  const end = behindBrackets(source, start, endOffset + 1);
  const count = values.filter(({ value }) => isValue(value)).reduce((sum, { count }) => sum + count, 0);
  const operands = children.map((child) => expression(child, source)).sort((a, b) => a.start - b.start);
  return { start, end, text: source.slice(start, end), line, column, count, operands };
}

/**
 * Whether an entry of the report holds a value. Two kinds of entries hold none. An empty entry stands for an expression
 * that was not evaluated, such as `x` in `false && x`. An entry with `undefined` stands for an expression that failed
 * or that waited for a document.
 */
function isValue(value: ReportValue['value']): boolean {
  return Object.keys(value).some((kind) => kind !== 'undefined');
}

/** Return the end of an expression, behind its closing brackets: the report does not always include the brackets. */
function behindBrackets(source: string, start: number, end: number): number {
  const said = source.slice(start, end).replace(/'[^']*'/g, ''); // patterns have brackets of their own
  const open = (said.match(/[([]/g) ?? []).length - (said.match(/[)\]]/g) ?? []).length;
  const closing = new RegExp(`^(\\s*[)\\]]){${open}}(\\(\\))?`).exec(source.slice(end));
  return end + (closing?.[0].length ?? 0);
}

/** Return the expressions with all their operands, at any depth. */
export function withOperands(some: readonly Expression[]): Expression[] {
  return some.flatMap((one) => [one, ...withOperands(one.operands)]);
}

/** Fetch the emulator's page of values per expression. Fetch it early: with many values it becomes too large. */
export async function coveragePage(harness: RulesHarness): Promise<string> {
  const response = await fetch(`${harness.address}:ruleCoverage.html`);
  return response.text();
}

/** Save the page with the data of this report. */
export function savePage(page: string, { rules, report }: Report, folder: URL): void {
  const data = JSON.stringify({ rules, report: report.map(shortened) }).replaceAll('<', '\\u003c');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    new URL('index.html', folder),
    page.replace(/const data = .*?\n};\n/s, () => `const data = ${data};\n`),
  );
}

/** Shorten a report: the page does not show documents, lists and maps. */
function shortened({ sourcePosition, values = [], children = [] }: ReportNode): ReportNode {
  const counts = new Map<string, number>();
  for (const { value, count } of values) {
    const key = JSON.stringify(value, (type, of) => (/(map|list|set|mapDiff)Value/.test(type) ? {} : of));
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  const short = [...counts].map(([value, count]) => ({ value: JSON.parse(value), count }));
  return { sourcePosition, values: short, children: children.map(shortened) };
}
