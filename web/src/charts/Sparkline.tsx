import { useMemo } from 'react';
import { type ChartProps, DataTable } from './ChartFrame';
import { chartWordsOf, summaryOf } from './chartWords';
import { heightOf } from './DayChart';
import { dotPath, linePath } from './paths';
import { type DayRange, type Point, timelineOf } from './series';

export interface SparklineProps extends ChartProps {
  /** Pass the same array at each render. */
  points: readonly Point[];
  /** The days to draw; by default all that the points have. */
  range?: DayRange | undefined;
  /** Draw stairs: for counts that the platform rounds. */
  steps?: boolean | undefined;
  /** False leaves out the table for screen readers: inside a button or a paragraph, where no table may stand. */
  hasTable?: boolean | undefined;
}

/** Draw a line as small as a word, without axes. Screen readers get its summary and a table. */
export function Sparkline(props: SparklineProps) {
  const { points, title, steps = false, hasTable = true, className, labels, locale, numberFormat } = props;
  const { from, to } = props.range ?? {};
  const words = useMemo(() => chartWordsOf(labels, locale, numberFormat), [labels, locale, numberFormat]);
  const { timeline, drawing } = useMemo(
    () => draw(title, points, { from, to }, steps),
    [title, points, from, to, steps],
  );
  const { days, columns } = timeline;
  const values = columns[0]?.values ?? [];
  const summary = columns.map((column) => summaryOf(column, days, words, 'line')).join('');
  const Root = hasTable ? 'div' : 'span';
  return (
    <Root className={className ? `tracking-sparkline ${className}` : 'tracking-sparkline'} lang={words.locale}>
      <svg
        className="tracking-sparkline__drawing"
        viewBox="0 0 100 100"
        preserveAspectRatio="none"
        role="img"
        aria-label={summary || `${title}: ${words.labels.noData}`}
      >
        {drawing}
      </svg>
      {hasTable && summary && (
        <div className="tracking-chart__unseen">
          <DataTable
            caption={title}
            head={[words.labels.day, title]}
            rows={days.map((day, index) => {
              const value = values[index] ?? null;
              return [words.day(day), value === null ? '' : words.number(value)];
            })}
          />
        </div>
      )}
    </Root>
  );
}

function draw(name: string, points: readonly Point[], range: DayRange, steps: boolean) {
  const timeline = timelineOf([{ name, points }], range);
  const values = timeline.columns[0]?.values ?? [];
  const known = values.filter((value) => value !== null);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  const y = low === high ? () => 50 : heightOf({ low, high, ticks: [] });
  const x = (index: number) => (values.length > 1 ? (index / (values.length - 1)) * 100 : 50);
  const last = values.findLastIndex((value) => value !== null);
  const drawing = (
    <g className="tracking-chart__series1">
      <path className="tracking-chart__line" d={linePath(values, x, y, steps)} />
      <path className="tracking-chart__dot" d={dotPath(values, x, y)} />
      {last >= 0 && <path className="tracking-chart__dot" d={`M${x(last)} ${y(values[last] ?? 0)}h0`} />}
    </g>
  );
  return { timeline, drawing };
}
