/**
 * Paths of lines and bars, in a box of 100 x 100 that is stretched to the chart. `x` returns the place of a day, `y`
 * that of a value.
 */

type Values = readonly (number | null)[];
type Place = (value: number) => number;

/** Days in a row that have a value. */
function runsOf(values: Values): [index: number, value: number][][] {
  const runs: [number, number][][] = [];
  values.forEach((value, index) => {
    if (value === null) {
      return;
    }
    if (index === 0 || values[index - 1] === null) {
      runs.push([]);
    }
    runs.at(-1)?.push([index, value]);
  });
  return runs;
}

const short = (place: number) => String(Math.round(place * 100) / 100);

function runPath(run: readonly [number, number][], x: Place, y: Place, isStepped: boolean): string {
  const [first, ...rest] = run.map(([index, value]) => [short(x(index)), short(y(value))]);
  const lines = rest.map(([left, top]) => (isStepped ? `H${left}V${top}` : `L${left} ${top}`));
  return `M${first?.join(' ')}${lines.join('')}`;
}

/** A line through the values, or stairs: a value then holds until the next. A day without a value is a gap. */
export function linePath(values: Values, x: Place, y: Place, isStepped: boolean): string {
  const runs = runsOf(values).filter((run) => run.length > 1);
  return runs.map((run) => runPath(run, x, y, isStepped)).join('');
}

/** The values that no line reaches: both neighbours are missing. */
export function dotPath(values: Values, x: Place, y: Place): string {
  const runs = runsOf(values).filter((run) => run.length === 1);
  return runs.map((run) => `${runPath(run, x, y, false)}h0`).join('');
}

/** The area between the line and the lower edge. */
export function areaPath(values: Values, x: Place, y: Place, isStepped: boolean): string {
  const runs = runsOf(values).filter((run) => run.length > 1);
  return runs.map((run) => `${runPath(run, x, y, isStepped)}V100H${short(x(run[0]?.[0] ?? 0))}Z`).join('');
}

/** Bars from zero to their values, `width` wide. */
export function barPath(values: Values, x: Place, y: Place, width: number): string {
  return values
    .map((value, index) => {
      const left = x(index) - width / 2;
      return value === null ? '' : `M${short(left)} ${short(y(0))}V${short(y(value))}h${short(width)}V${short(y(0))}Z`;
    })
    .join('');
}
