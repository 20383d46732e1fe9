import { mkdirSync, writeFileSync } from 'node:fs';
import type { World } from './world';

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

interface Report {
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
 * What the emulator reports of the loaded rules: an expression for each function and each `allow`.
 * https://firebase.google.com/docs/rules/emulator-reports
 */
export async function expressions(world: World): Promise<Expression[]> {
  const { rules, report } = await reportOf(world);
  const source = withoutComments(rules.files.map((file) => file.content).join());
  return report.map((node) => expression(node, source));
}

/** With blanks in place of comments, so that everything stays where it is. */
export function withoutComments(rules: string): string {
  return rules.replace(/\/\/.*/g, (comment) => ' '.repeat(comment.length));
}

async function reportOf(world: World): Promise<Report> {
  const response = await fetch(`${world.address}:ruleCoverage`);
  return (await response.json()) as Report;
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

/** Saves the emulator's own page, which shows for each expression the values it had. */
export async function saveCoveragePage(world: World, folder: URL): Promise<void> {
  const page = await (await fetch(`${world.address}:ruleCoverage.html`)).text();
  const { rules, report } = await reportOf(world);
  const data = JSON.stringify({ rules, report: report.map(shortened) }).replaceAll('<', '\\u003c');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    new URL('index.html', folder),
    page.replace(/const data = .*?\n};\n/s, () => `const data = ${data};\n`),
  );
}

/** The page shows no documents, lists and the like, but as they are it has 37 MB of them. */
function shortened({ sourcePosition, values = [], children = [] }: ReportNode): ReportNode {
  const counts = new Map<string, number>();
  for (const { value, count } of values) {
    const key = JSON.stringify(value, (type, of) => (/(map|list|set|mapDiff)Value/.test(type) ? {} : of));
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  const short = [...counts].map(([value, count]) => ({ value: JSON.parse(value), count }));
  return { sourcePosition, values: short, children: children.map(shortened) };
}
