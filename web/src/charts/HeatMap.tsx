import { useMemo } from 'react';
import { ChartFrame, type ChartProps } from './ChartFrame';
import { ChartReader } from './ChartReader';
import { chartWordsOf } from './chartWords';

export interface HeatMapProps extends ChartProps {
  /** 7 rows, Monday first, of 24 hours, as `postingTimes` returns them. Pass the same array at each render. */
  counts: readonly (readonly number[])[];
}

const DAYS = [0, 1, 2, 3, 4, 5, 6];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const NAMED_HOURS = [0, 6, 12, 18];
const CELL = 10;
/** Shares of the most posts, in the legend. */
const STEPS = [0, 0.25, 0.5, 0.75, 1];

/** Show how many posts each hour of the week has. The darker a cell, the more posts. */
export function HeatMap(props: HeatMapProps) {
  const { counts, title, labels, locale, numberFormat } = props;
  const words = useMemo(() => chartWordsOf(labels, locale, numberFormat), [labels, locale, numberFormat]);
  const { values, most, cells } = useMemo(() => draw(counts), [counts]);
  const posts = (place: number) => words.labels.posts(words.number(values[place] ?? 0), values[place] ?? 0);
  const spoken = (place: number) =>
    words.labels.cell(words.weekday(Math.floor(place / 24), 'long'), words.hour(place % 24), posts(place));
  const busiest = values.indexOf(most);
  const summary = words.labels.busiest(spoken(busiest));
  return (
    <ChartFrame
      title={title}
      className={props.className}
      words={words}
      summary={summary}
      isEmpty={most === 0}
      table={() => ({
        head: [words.labels.weekday, ...HOURS.map(words.hour)],
        rows: DAYS.map((day) => [
          words.weekday(day, 'long'),
          ...HOURS.map((hour) => words.number(values[day * 24 + hour] ?? 0)),
        ]),
      })}
    >
      {(titleId) => (
        <>
          <ChartReader
            titleId={titleId}
            count={values.length}
            rest={busiest}
            rowLength={24}
            locate={(x, y) => Math.min(Math.floor(y * 7), 6) * 24 + Math.min(Math.floor(x * 24), 23)}
            spoken={spoken}
            reading={(place, isChosen) => (
              <p className="tracking-chart__reading">
                {isChosen ? (
                  <>
                    <span className="tracking-chart__number">{posts(place)}</span>
                    <span className="tracking-chart__when">
                      {words.weekday(Math.floor(place / 24), 'long')}, {words.hour(place % 24)}
                    </span>
                  </>
                ) : (
                  summary
                )}
              </p>
            )}
            cursor={(place) => (
              <Cell className="tracking-chart__chosen" day={Math.floor(place / 24)} hour={place % 24} />
            )}
            className="tracking-chart__plot--hours"
            rowAxis={DAYS.map((day) => <span key={day}>{words.weekday(day, 'short')}</span>)}
            columnAxis={NAMED_HOURS.map((hour) => (
              <text key={hour} x={`${(hour / 24) * 100}%`} y="1em">
                {words.hour(hour)}
              </text>
            ))}
            viewBox={`0 0 ${24 * CELL} ${7 * CELL}`}
          >
            {cells}
          </ChartReader>
          <p className="tracking-chart__legend" aria-hidden="true">
            {words.labels.less}{' '}
            <svg className="tracking-chart__steps" viewBox={`0 0 ${STEPS.length * CELL} ${CELL}`} aria-hidden="true">
              {STEPS.map((part, place) => cellOf(part, place))}
            </svg>
            {words.labels.more}
          </p>
        </>
      )}
    </ChartFrame>
  );
}

function draw(counts: HeatMapProps['counts']) {
  const values = DAYS.flatMap((day) => HOURS.map((hour) => counts[day]?.[hour] ?? 0));
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const cells = values.map((value, place) => cellOf(value / most, place));
  return { values, most, cells };
}

/** Draw a cell with a share of the most posts, from 0 to 1. */
function cellOf(part: number, place: number) {
  const at = { day: Math.floor(place / 24), hour: place % 24 };
  return part > 0 ? (
    <Cell key={place} className="tracking-chart__cell" {...at} opacity={0.15 + 0.85 * part} />
  ) : (
    <Cell key={place} className="tracking-chart__cell tracking-chart__cell--none" {...at} />
  );
}

function Cell(props: { className: string; day: number; hour: number; opacity?: number }) {
  return (
    <rect
      className={props.className}
      x={props.hour * CELL + 0.5}
      y={props.day * CELL + 0.5}
      width={CELL - 1}
      height={CELL - 1}
      rx={1.5}
      opacity={props.opacity}
    />
  );
}
