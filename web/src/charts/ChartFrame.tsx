import { type ReactNode, useId, useState } from 'react';
import type { ChartLabels } from './chartLabels';
import type { ChartWords } from './chartWords';

/** Properties that every chart has. */
export interface ChartProps {
  /** The chart's name, above it and for screen readers. */
  title: string;
  /** For the chart's element. */
  className?: string | undefined;
  /** Texts in place of the English ones. Pass the same object at each render. */
  labels?: Partial<ChartLabels> | undefined;
  /** Formats numbers and days, as `de-CH` does; a BCP 47 tag. By default the language of the labels. */
  locale?: string | undefined;
  /** Another format of the values, such as `{ style: 'percent' }`. Pass the same object at each render. */
  numberFormat?: Intl.NumberFormatOptions | undefined;
}

export interface Table {
  head: readonly string[];
  /** The first cell of a row is its head. */
  rows: readonly (readonly string[])[];
}

/** Draw a chart's title, its summary for screen readers, and the button that shows its values as a table. */
export function ChartFrame(props: {
  title: string;
  className?: string | undefined;
  words: ChartWords;
  summary: string;
  isEmpty: boolean;
  /** Makes the table when it is shown. */
  table: () => Table;
  /** Draws the chart. `titleId` is the element with its name. */
  children: (titleId: string) => ReactNode;
}) {
  const { title, className, words, summary, isEmpty } = props;
  const { labels, locale } = words;
  const titleId = useId();
  const summaryId = useId();
  const [isTable, setIsTable] = useState(false);
  const action = isTable ? labels.showChart : labels.showTable;
  return (
    <figure
      className={className ? `tracking-chart ${className}` : 'tracking-chart'}
      lang={locale}
      aria-labelledby={titleId}
      aria-describedby={isEmpty ? undefined : summaryId}
    >
      <figcaption className="tracking-chart__head">
        <span id={titleId} className="tracking-chart__title">
          {title}
        </span>
        {!isEmpty && (
          <button
            type="button"
            className="tracking-chart__button"
            aria-label={action}
            title={action}
            onClick={() => setIsTable(!isTable)}
          >
            <svg className="tracking-chart__icon" viewBox="0 0 16 16" aria-hidden="true">
              <path d={isTable ? 'M2 12.5 6 7l3.5 3L14 3.5' : 'M2.5 3h11v10h-11zM2.5 6.5h11M2.5 9.75h11M6.5 3v10'} />
            </svg>
          </button>
        )}
      </figcaption>
      {!isEmpty && (
        <p id={summaryId} className="tracking-chart__unseen">
          {summary}
        </p>
      )}
      {isEmpty && <p className="tracking-chart__empty">{labels.noData}</p>}
      {!isEmpty && !isTable && props.children(titleId)}
      {!isEmpty && isTable && (
        // Keyboards scroll only what can have the focus.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls
        <section className="tracking-chart__scroll" aria-labelledby={titleId} tabIndex={0}>
          <DataTable {...props.table()} />
        </section>
      )}
    </figure>
  );
}

export function DataTable({ head, rows, caption }: Table & { caption?: string }) {
  return (
    <table className="tracking-chart__table">
      {caption && <caption>{caption}</caption>}
      <thead>
        <tr>
          {head.map((text) => (
            <th key={text} scope="col">
              {text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, ...cells]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {cells.map((cell, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a cell belongs to its column
              <td key={index}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
