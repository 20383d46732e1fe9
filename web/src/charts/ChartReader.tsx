import { type KeyboardEvent, type PointerEvent, type ReactNode, useState } from 'react';

/**
 * Draw a chart that is read place by place: a day, or an hour of the heat map. The pointer chooses a place, or the arrow
 * keys do. For the keys there is a range input over the chart, which cannot be seen. Screen readers know how to move it,
 * on phones too, and say `spoken` after each step.
 */
export function ChartReader(props: {
  titleId: string;
  /** Number of places. */
  count: number;
  /** The place that is read while nobody chooses one. */
  rest: number;
  /** Return the place at a point. Both coordinates go from 0 to 1. */
  locate: (x: number, y: number) => number;
  spoken: (place: number) => string;
  /** The text above the chart. `isChosen`: somebody points at the place. */
  reading: (place: number, isChosen: boolean) => ReactNode;
  /** Draw the cross-hair. */
  cursor: (place: number) => ReactNode;
  /** Places from one row to the next, for the keys up and down. */
  rowLength?: number;
  className: string;
  rowAxis: ReactNode;
  columnAxis: ReactNode;
  viewBox: string;
  children: ReactNode;
}) {
  const { count, rowLength } = props;
  const [chosen, setChosen] = useState<number | null>(null);
  const place = Math.min(chosen ?? props.rest, count - 1);

  function point(event: PointerEvent): void {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const within = (part: number) => Math.min(Math.max(part || 0, 0), 1);
    setChosen(props.locate(within((event.clientX - left) / width), within((event.clientY - top) / height)));
  }

  function moveRow(event: KeyboardEvent): void {
    const rows = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (rowLength !== undefined && rows !== undefined) {
      event.preventDefault();
      const next = place + rows * rowLength;
      setChosen(next >= 0 && next < count ? next : place);
    }
  }

  return (
    <>
      {props.reading(place, chosen !== null)}
      <div className={`tracking-chart__plot ${props.className}`}>
        <div className="tracking-chart__rows" aria-hidden="true">
          {props.rowAxis}
        </div>
        <div
          className="tracking-chart__field"
          onPointerMove={point}
          onPointerDown={point}
          // A finger leaves when it is lifted, and what it chose must stay to be read.
          onPointerLeave={({ pointerType }) => pointerType !== 'touch' && setChosen(null)}
        >
          <input
            className="tracking-chart__range"
            type="range"
            min={0}
            max={count - 1}
            value={place}
            aria-labelledby={props.titleId}
            aria-valuetext={props.spoken(place)}
            onChange={(event) => setChosen(Number(event.target.value))}
            onKeyDown={moveRow}
            onBlur={() => setChosen(null)}
          />
          <svg
            className="tracking-chart__drawing"
            viewBox={props.viewBox}
            preserveAspectRatio="none"
            aria-hidden="true"
          >
            {props.children}
            {chosen !== null && props.cursor(place)}
          </svg>
        </div>
        <svg className="tracking-chart__columns" aria-hidden="true">
          {props.columnAxis}
        </svg>
      </div>
    </>
  );
}
