import { useMemo } from 'react';
import type { Spike, TrackedAccount } from '../../src/account';
import { BarChart, type DayRange, dailyChanges, growthOver, LineChart, type Point } from '../../src/chartsEntry';
import { day, percent as percentOf, signed } from '../format';
import { RANGES, type Range } from '../route';
import { saveCsv } from '../saveFile';
import { Action } from './Action';
import { gainIn, hasPoint, hasValues, isRounded, madeUpBefore, pointsOf, rangeOf } from './figures';
import { historyCsv } from './historyCsv';
import { Segments } from './Segments';
import type { History, Watched } from './useAccountData';
import { comparedWith, utcDay } from './words';

export const RANGE_OPTIONS: readonly (readonly [Range, string])[] = RANGES.map((days) => [
  days,
  days === 365 ? '1 year' : `${days} days`,
]);

interface HistoryChartsProps {
  account: TrackedAccount;
  history: Watched<History>;
  days: Range;
  onDays: (days: Range) => void;
}

/** Draw the history of a range: followers and views, each as a line and by what every day gained. */
export function HistoryCharts({ account, history, days, onDays }: HistoryChartsProps) {
  const isLoading = history.status === 'loading' || (history.status === 'ready' && history.value.days !== days);
  return (
    <section className="card acc-card" aria-labelledby="acc-history" aria-busy={isLoading}>
      <div className="acc-card-head">
        <h3 id="acc-history">
          Growth
          {history.status === 'ready' && history.isStale && <span className="acc-stale"> Not connected</span>}
        </h3>
        <Segments name="Days in the charts" options={RANGE_OPTIONS} value={days} onChange={onDays} />
        {history.status === 'ready' && (
          <Action
            label="Export CSV"
            doing="Exporting…"
            act={async () => {
              const { points, days: shown } = history.value;
              const name = `${account.username}-${account.platform}-history-${shown}-days.csv`;
              saveCsv(name, historyCsv(points, rangeOf(points, shown)));
            }}
          />
        )}
      </div>
      {history.status === 'loading' && (
        <>
          <p className="unseen">Loading…</p>
          <div className="acc-charts" aria-hidden="true">
            <span className="shape acc-chart-shape" />
            <span className="shape acc-chart-shape" />
          </div>
        </>
      )}
      {history.status === 'failed' && (
        <p className="empty problem" role="alert">
          {history.sentence}
        </p>
      )}
      {history.status === 'ready' && <Charts account={account} history={history.value} isStale={history.isStale} />}
    </section>
  );
}

interface ChartsProps {
  account: TrackedAccount;
  history: History;
  isStale: boolean;
}

function Charts({ account, history, isStale }: ChartsProps) {
  const { points, days } = history;
  const range = useMemo(() => rangeOf(points, days), [points, days]);
  const shown = points.filter((point) => (range.from ?? '') <= point.day);
  if (!shown.some(hasPoint)) {
    return <p className="empty">{whyNone(points.some(hasPoint), isStale, days)}</p>;
  }
  const madeUp = madeUpBefore(shown, account);
  return (
    <>
      {madeUp && <p className="detail acc-made-up">Before {day(madeUp)} the history is made up for this demo.</p>}
      <Metric
        noun="followers"
        name="Followers"
        points={points}
        count="followers"
        range={range}
        days={days}
        spike={account.spikes.followers}
        hidden="The platform hides how many followers this account has."
      />
      <Views account={account} history={history} range={range} />
    </>
  );
}

function whyNone(hasOlder: boolean, isStale: boolean, days: number): string {
  if (isStale) {
    return 'There is no connection. The history shows up here once it is back.';
  }
  return hasOlder
    ? `The account was not fetched in the last ${days} days. Choose a longer time.`
    : 'No history yet. Each refresh adds the values of its day, and the charts begin with the first one.';
}

/** The platform's total where it tells one, else the sum over the videos that are tracked. */
function Views({
  account,
  history: { points, days },
  range,
}: {
  account: TrackedAccount;
  history: History;
  range: DayRange;
}) {
  const hasTotal = hasValues(pointsOf(points, 'views'), range);
  return (
    <Metric
      noun="views"
      name={hasTotal ? 'Views' : 'Views of the tracked videos'}
      points={points}
      count={hasTotal ? 'views' : 'videoViews'}
      range={range}
      days={days}
      spike={account.spikes.views}
      hidden="The platform tells no views of this account."
    />
  );
}

interface MetricProps {
  /** In the middle of a sentence. */
  noun: 'followers' | 'views';
  name: string;
  points: History['points'];
  count: 'followers' | 'views' | 'videoViews';
  range: DayRange;
  days: number;
  spike: Spike | null;
  /** Said when no value is known. */
  hidden: string;
}

function Metric({ noun, name, points, count, range, days, spike, hidden }: MetricProps) {
  const values = useMemo(() => pointsOf(points, count), [points, count]);
  const series = useMemo(() => [{ name, points: values }], [name, values]);
  const gained = useMemo(() => dailyChanges(values), [values]);
  // The first day of the line is the one that growth is measured from; what it gained itself is not part of it.
  const barRange = useMemo(
    () => ({ from: points.find(({ day }) => day > (range.from ?? ''))?.day, to: range.to }),
    [points, range],
  );
  const steps = useMemo(() => isRounded(values), [values]);
  if (!hasValues(values, range)) {
    return <p className="acc-hidden detail">{hidden}</p>;
  }
  const isInRange = spike !== null && (range.from ?? '') <= spike.day && spike.day <= (range.to ?? '');
  return (
    <div className="acc-metric">
      <p className="acc-facts">
        <GrowthWords points={values} days={days} noun={noun} />
        {isInRange && (
          <span className="acc-spike">
            {utcDay(spike.day)}: <strong>{signed(spike.change)}</strong> {noun} in a day, usually {signed(spike.usual)}.
          </span>
        )}
        {steps && <span className="detail">The platform rounds this count, so it grows in steps.</span>}
      </p>
      <div className="acc-charts">
        <LineChart title={name} series={series} range={range} steps={steps} />
        <BarChart title={`New ${noun} a day`} points={gained} range={barRange} />
      </div>
    </div>
  );
}

/** Say the growth of the range, and how it compares with the period before. */
function GrowthWords({ points, days, noun }: { points: readonly Point[]; days: number; noun: string }) {
  const gain = gainIn(points, days);
  if (!gain) {
    return <span className="detail">One day so far. Growth needs a second one.</span>;
  }
  const { percent } = growthOver(points, days);
  return (
    <span>
      <strong>{signed(gain.absolute)}</strong> {noun}
      {gain.percent !== null && ` (${signed(gain.percent / 100, percentOf)})`}{' '}
      {gain.isWhole ? `in ${days} days` : `since ${utcDay(gain.from)}, the first day of this time that is known`}
      {gain.isWhole && percent !== null && `, ${comparedWith(percent, days)}`}.
    </span>
  );
}
