import type { ReactNode } from 'react';
import { ChartFrame, type ChartProps } from './ChartFrame';
import { ChartReader } from './ChartReader';
import { type ChartWords, summaryOf } from './chartWords';
import { dayTicks, type Scale } from './scale';
import type { Timeline } from './series';

/** Number of colours of charts.css. A further series begins again with the first. */
const COLOURS = 5;
export const colourOf = (column: number) => `tracking-chart__series${(column % COLOURS) + 1}`;

/** The place of a value in the drawing, from the upper edge. */
export function heightOf({ low, high }: Scale): (value: number) => number {
  return (value) => 100 - ((value - low) / (high - low)) * 100;
}

/** Draw a chart over days, with its axes. `children` and `cursor` are drawn in a box of 100 x 100. */
export function DayChart(props: {
  chart: ChartProps;
  kind: 'line' | 'bars';
  words: ChartWords;
  timeline: Timeline;
  scale: Scale;
  /** The place of a day in the drawing, from its left edge. */
  x: (index: number) => number;
  /** The day at a place; both from 0 to 1 and as an index. */
  locate: (x: number) => number;
  cursor: (index: number) => ReactNode;
  children: ReactNode;
}) {
  const { words, timeline, scale, x } = props;
  const { days, columns } = timeline;
  const rest = days.findLastIndex((_, index) => columns.some(({ values }) => values[index] !== null));
  const y = heightOf(scale);
  return (
    <ChartFrame
      title={props.chart.title}
      className={props.chart.className}
      words={words}
      summary={columns
        .map((column) => summaryOf(column, days, words, props.kind))
        .join(' ')
        .trim()}
      isEmpty={rest < 0}
      table={() => ({
        head: [words.labels.day, ...columns.map(({ name }) => name)],
        rows: days.map((day, index) => [
          words.day(day),
          ...columns.map(({ values }) => {
            const value = values[index] ?? null;
            return value === null ? '' : words.number(value);
          }),
        ]),
      })}
    >
      {(titleId) => (
        <ChartReader
          titleId={titleId}
          count={days.length}
          rest={rest}
          locate={props.locate}
          spoken={(index) => spoken(timeline, words, index)}
          reading={(index) => <Reading timeline={timeline} scale={scale} words={words} index={index} />}
          cursor={props.cursor}
          className="tracking-chart__plot--days"
          rowAxis={words.ticks([...scale.ticks].reverse()).map((text) => <span key={text}>{text}</span>)}
          columnAxis={dayTicks(days).map(({ index, unit }) => (
            <DayLabel key={index} place={x(index)} text={words.dayTick(days[index] ?? '', unit)} />
          ))}
          viewBox="0 0 100 100"
        >
          <path className="tracking-chart__grid" d={scale.ticks.map((tick) => `M0 ${y(tick)}H100`).join('')} />
          {props.children}
        </ChartReader>
      )}
    </ChartFrame>
  );
}

/** A label stands in the middle below its day, unless it would run over an edge. */
function DayLabel({ place, text }: { place: number; text: string }) {
  const anchor = place < 4 ? 'start' : place > 94 ? 'end' : 'middle';
  return (
    <text x={`${place}%`} y="1em" textAnchor={anchor}>
      {text}
    </text>
  );
}

/** The values of one day: one large number, or a legend with a number for each series. */
function Reading({
  timeline,
  scale,
  words,
  index,
}: {
  timeline: Timeline;
  scale: Scale;
  words: ChartWords;
  index: number;
}) {
  const { days, columns } = timeline;
  const when = <span className="tracking-chart__when">{words.day(days[index] ?? '')}</span>;
  const [only] = columns;
  if (columns.length === 1 && only) {
    return (
      <p className="tracking-chart__reading">
        <span className="tracking-chart__number">{words.value(only.values[index] ?? null)}</span>
        {when}
      </p>
    );
  }
  const widest = [scale.low, scale.high].map(words.number).sort((a, b) => b.length - a.length)[0];
  return (
    <p className="tracking-chart__reading">
      {when}
      {columns.map(({ name, values }, column) => (
        <span key={name} className="tracking-chart__entry">
          <svg className={`tracking-chart__swatch ${colourOf(column)}`} viewBox="0 0 12 2" aria-hidden="true">
            <path d="M0 1H12" />
          </svg>
          <bdi>{name}</bdi>{' '}
          <span className="tracking-chart__value" data-widest={widest}>
            {words.value(values[index] ?? null)}
          </span>
        </span>
      ))}
    </p>
  );
}

function spoken({ days, columns }: Timeline, words: ChartWords, index: number): string {
  const values = columns.map(({ name, values }) => {
    const value = words.value(values[index] ?? null);
    return columns.length === 1 ? value : `${name} ${value}`;
  });
  return `${words.day(days[index] ?? '')}: ${values.join(', ')}`;
}
