import { useMemo } from 'react';
import type { ChartProps } from './ChartFrame';
import { chartWordsOf } from './chartWords';
import { colourOf, DayChart, heightOf } from './DayChart';
import { areaPath, dotPath, linePath } from './paths';
import { scaleOf } from './scale';
import { type DayRange, type Series, timelineOf } from './series';

export interface LineChartProps extends ChartProps {
  /** One or several lines, in the order of the legend. Pass the same array at each render. */
  series: readonly Series[];
  /** The days to draw; by default all that the points have. */
  range?: DayRange | undefined;
  /** Draw stairs: for counts that the platform rounds, such as a large channel's subscribers. */
  steps?: boolean | undefined;
}

/** Draw values over days as lines. A day without a value is a gap in its line. Style: `account-tracking/charts.css`. */
export function LineChart(props: LineChartProps) {
  const { series, steps = false, labels, locale, numberFormat } = props;
  const { from, to } = props.range ?? {};
  const words = useMemo(() => chartWordsOf(labels, locale, numberFormat), [labels, locale, numberFormat]);
  const { timeline, scale, x, y, lines } = useMemo(() => draw(series, { from, to }, steps), [series, from, to, steps]);
  const last = timeline.days.length - 1;
  return (
    <DayChart
      chart={props}
      kind="line"
      words={words}
      timeline={timeline}
      scale={scale}
      x={x}
      locate={(part) => Math.round(part * last)}
      cursor={(index) => (
        <>
          <path className="tracking-chart__cursor" d={`M${x(index)} 0V100`} />
          {timeline.columns.map(({ name, values }, column) => {
            const value = values[index] ?? null;
            return value === null ? null : (
              <path key={name} className={`tracking-chart__dot ${colourOf(column)}`} d={`M${x(index)} ${y(value)}h0`} />
            );
          })}
        </>
      )}
    >
      {lines}
    </DayChart>
  );
}

function draw(series: readonly Series[], range: DayRange, steps: boolean) {
  const timeline = timelineOf(series, range);
  const { days, columns } = timeline;
  const known = columns.flatMap(({ values }) => values.filter((value) => value !== null));
  const scale = scaleOf(known);
  const x = (index: number) => (days.length > 1 ? (index / (days.length - 1)) * 100 : 50);
  const y = heightOf(scale);
  // The area says how much there is, so it is drawn only down to zero.
  const lines = columns.map(({ name, values }, column) => (
    <g key={name} className={colourOf(column)}>
      {columns.length === 1 && scale.low === 0 && (
        <path className="tracking-chart__area" d={areaPath(values, x, y, steps)} />
      )}
      <path className="tracking-chart__line" d={linePath(values, x, y, steps)} />
      <path className="tracking-chart__dot" d={dotPath(values, x, y)} />
    </g>
  ));
  return { timeline, scale, x, y, lines };
}
