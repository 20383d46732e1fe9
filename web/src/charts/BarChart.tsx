import { useMemo } from 'react';
import type { ChartProps } from './ChartFrame';
import { chartWordsOf } from './chartWords';
import { DayChart, heightOf } from './DayChart';
import { barPath } from './paths';
import { scaleOf } from './scale';
import { type DayRange, type Point, timelineOf } from './series';

export interface BarChartProps extends ChartProps {
  /** A value a day, such as the new followers; it may be negative. Pass the same array at each render. */
  points: readonly Point[];
  /** The days to draw; by default all that the points have. */
  range?: DayRange | undefined;
}

/** Part of a day's width that its bar takes, and the most of the chart's width, in per cent. */
const BAR = 0.72;
const WIDEST_BAR = 5;

/** Draw a value a day as bars from zero. A day without a value has no bar, a zero has a line. */
export function BarChart(props: BarChartProps) {
  const { points, title, labels, locale, numberFormat } = props;
  const { from, to } = props.range ?? {};
  const words = useMemo(() => chartWordsOf(labels, locale, numberFormat), [labels, locale, numberFormat]);
  const { timeline, scale, x, bars } = useMemo(() => draw(title, points, { from, to }), [title, points, from, to]);
  const count = timeline.days.length;
  return (
    <DayChart
      chart={props}
      kind="bars"
      words={words}
      timeline={timeline}
      scale={scale}
      x={x}
      locate={(part) => Math.min(Math.floor(part * count), count - 1)}
      cursor={(index) => (
        <rect className="tracking-chart__band" x={(index / count) * 100} width={100 / count} height={100} />
      )}
    >
      {bars}
    </DayChart>
  );
}

function draw(name: string, points: readonly Point[], range: DayRange) {
  const timeline = timelineOf([{ name, points }], range);
  const count = timeline.days.length;
  const values = timeline.columns[0]?.values ?? [];
  const scale = scaleOf(
    values.filter((value) => value !== null),
    true,
  );
  const x = (index: number) => ((index + 0.5) / count) * 100;
  const y = heightOf(scale);
  const path = (isDrawn: (value: number) => boolean) =>
    barPath(
      values.map((value) => (value !== null && isDrawn(value) ? value : null)),
      x,
      y,
      Math.min((BAR / count) * 100, WIDEST_BAR),
    );
  const bars = (
    <>
      <path className="tracking-chart__bar" d={path((value) => value > 0)} />
      <path className="tracking-chart__bar tracking-chart__bar--negative" d={path((value) => value < 0)} />
      <path className="tracking-chart__zero" d={path((value) => value === 0)} />
      {scale.low < 0 && <path className="tracking-chart__base" d={`M0 ${y(0)}H100`} />}
    </>
  );
  return { timeline, scale, x, bars };
}
