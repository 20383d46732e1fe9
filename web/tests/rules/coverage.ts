import { mkdirSync, writeFileSync } from 'node:fs';
import type { RulesHarness } from './rulesHarness';

/** An expression of the rules, as the emulator's own parser read it. */
export interface Expression {
  /** Of its first and behind its last character in the rules. */
  start: number;
  end: number;
  text: string;
  /** From 1. */
  line: number;
  column: number;
  /** How often it had a value. */
  count: number;
  /** In the order of the text. */
  operands: Expression[];
}

export interface Report {
  rules: { files: { content: string }[] };
  report: ReportNode[];
}

interface ReportNode {
  /** Its end is the last character; zeros are left out. */
  sourcePosition: { line: number; column: number; currentOffset: number; endOffset: number };
  values?: ReportValue[];
  children?: ReportNode[];
}

/** `value` has one key, its type; none where the evaluation stopped before it came here. */
interface ReportValue {
  value: Record<string, unknown>;
  count: number;
}

/**
 * What the emulator knows of the rules since they were loaded. It has every document that a request was about, for each
 * expression that names it: 37 MB after 500 requests.
 * https://firebase.google.com/docs/rules/emulator-reports
 */
export async function coverage(harness: RulesHarness): Promise<Report> {
  const response = await fetch(`${harness.address}:ruleCoverage`);
  return (await response.json()) as Report;
}

/** An expression for each function and each `allow`. */
export function expressions({ rules, report }: Report): Expression[] {
  const source = withoutComments(rules.files.map((file) => file.content).join());
  return report.map((node) => expression(node, source));
}

/** With blanks in place of comments, so that everything stays where it is. */
export function withoutComments(rules: string): string {
  return rules.replace(/\/\/.*/g, (comment) => ' '.repeat(comment.length));
}

function expression({ sourcePosition, values = [], children = [] }: ReportNode, source: string): Expression {
  const { line, column, currentOffset: start, endOffset } = sourcePosition;
  const end = behindBrackets(source, start, endOffset + 1);
  const count = values.filter(({ value }) => isValue(value)).reduce((sum, { count }) => sum + count, 0);
  const operands = children.map((child) => expression(child, source)).sort((a, b) => a.start - b.start);
  return { start, end, text: source.slice(start, end), line, column, count, operands };
}

/**
 * No type: the evaluation stopped before it came here; `undefined`: it waited for a document, or failed. So that a
 * node has values says nothing: `false && x` gives `x` one.
 */
function isValue(value: ReportValue['value']): boolean {
  return Object.keys(value).some((kind) => kind !== 'undefined');
}

/** The report counts the brackets that open within an expression to it, but not always those that close. */
function behindBrackets(source: string, start: number, end: number): number {
  const said = source.slice(start, end).replace(/'[^']*'/g, ''); // patterns have brackets of their own
  const open = (said.match(/[([]/g) ?? []).length - (said.match(/[)\]]/g) ?? []).length;
  const closing = new RegExp(`^(\\s*[)\\]]){${open}}(\\(\\))?`).exec(source.slice(end));
  return end + (closing?.[0].length ?? 0);
}

/** These, their operands, the operands of those, and so on. */
export function withOperands(some: readonly Expression[]): Expression[] {
  return some.flatMap((one) => [one, ...withOperands(one.operands)]);
}

/** The emulator's own page, which shows for each expression the values it had. Ask for it before there are many. */
export async function coveragePage(harness: RulesHarness): Promise<string> {
  const response = await fetch(`${harness.address}:ruleCoverage.html`);
  return response.text();
}

/** Saves the page, about this report. */
export function savePage(page: string, { rules, report }: Report, folder: URL): void {
  const data = JSON.stringify({ rules, report: report.map(shortened) }).replaceAll('<', '\\u003c');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    new URL('index.html', folder),
    page.replace(/const data = .*?\n};\n/s, () => `const data = ${data};\n`),
  );
}

/** Documents, lists and the like are not shown anyway. */
function shortened({ sourcePosition, values = [], children = [] }: ReportNode): ReportNode {
  const counts = new Map<string, number>();
  for (const { value, count } of values) {
    const key = JSON.stringify(value, (type, of) => (/(map|list|set|mapDiff)Value/.test(type) ? {} : of));
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  const short = [...counts].map(([value, count]) => ({ value: JSON.parse(value), count }));
  return { sourcePosition, values: short, children: children.map(shortened) };
}
