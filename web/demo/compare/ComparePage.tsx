import { useEffect, useMemo, useRef, useState } from 'react';
import type { TrackedAccount } from '../../src/account';
import { LineChart } from '../../src/chartsEntry';
import { PLATFORM_LABELS } from '../../src/job';
import type { AccountSource, ProjectScope } from '../../src/watchAccounts';
import '../../src/charts/charts.css';
import '../account/account.css';
import './compare.css';
import { Back } from '../account/AccountHead';
import { Action } from '../account/Action';
import { type AccountAccess, FIRESTORE_ACCESS } from '../account/access';
import { Change } from '../account/Change';
import { OUTLIER_LEVELS } from '../account/figures';
import { RANGE_OPTIONS } from '../account/HistoryCharts';
import { Segments } from '../account/Segments';
import { useHistories, useVideosOf } from '../account/useAccountData';
import { useMinute } from '../account/useMinute';
import { decimal, utcDay } from '../account/words';
import { Count } from '../Count';
import { full, percent, signed } from '../format';
import { Avatar } from '../Identity';
import { hrefOf, type Range } from '../route';
import { Skeleton } from '../Skeleton';
import { saveCsv } from '../saveFile';
import { Chooser } from './Chooser';
import { type Compared, type Comparison, comparisonCsv, comparisonOf, indexedLines, type Row } from './comparison';

/** Posts of each account that its figures count; each is one read. */
const POSTS = 200;

type Scale = 'indexed' | 'absolute';
const SCALES: readonly (readonly [Scale, string])[] = [
  ['indexed', 'First day = 100'],
  ['absolute', 'Followers'],
];

export interface ComparePageProps {
  source: AccountSource;
  scope: ProjectScope;
  /** All accounts that the page has loaded. */
  accounts: readonly TrackedAccount[];
  /** Whether they are still loading. */
  isLoading: boolean;
  /** Those that are compared, at most five. */
  ids: readonly string[];
  days: Range;
  onIds: (ids: string[]) => void;
  onDays: (days: Range) => void;
  onBack: () => void;
  /** In place of Firestore's calls. */
  access?: AccountAccess;
}

/** Compare accounts: their followers over time, and how they post. */
export function ComparePage(props: ComparePageProps) {
  const { source, scope, accounts, ids, days, access = FIRESTORE_ACCESS } = props;
  const [scale, setScale] = useState<Scale>('indexed');
  const chosen = ids.flatMap((id) => accounts.find((account) => account.id === id) ?? []);
  const missing = props.isLoading ? [] : ids.filter((id) => !accounts.some((account) => account.id === id));
  const chosenIds = chosen.map(({ id }) => id);
  const histories = useHistories(access, source, scope, chosenIds, days);
  const videos = useVideosOf(access, source, scope, chosenIds, 'newest', POSTS);
  const minute = useMinute().getTime();
  const compared: Compared[] = chosen.map((account) => ({
    account,
    history: histories.get(account.id) ?? { status: 'loading' },
    videos: videos.get(account.id) ?? { status: 'loading' },
  }));
  // biome-ignore lint/correctness/useExhaustiveDependencies: `chosen` is new at each render, its accounts are not
  const comparison = useMemo(
    () => comparisonOf(compared, days, new Date(minute)),
    [...spread(chosen), histories, videos, days, minute],
  );
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);

  const remove = (id: string) => props.onIds(ids.filter((other) => other !== id));
  return (
    <section className="acc-page cmp-page" aria-labelledby="cmp-title">
      <Back onBack={props.onBack} />
      <header className="card acc-card">
        <div className="acc-card-head cmp-head">
          <h2 id="cmp-title" ref={title} tabIndex={-1}>
            Compare accounts
          </h2>
          <Segments name="Days to compare" options={RANGE_OPTIONS} value={days} onChange={props.onDays} />
        </div>
        <Chosen comparison={comparison} onRemove={remove} />
        <Chooser accounts={accounts} ids={ids} onAdd={(id) => props.onIds([...ids, id])} />
        {missing.length > 0 && (
          <p className="acc-notice" role="note">
            {missing.length === 1 ? 'One account of this link is' : `${full(missing.length)} accounts of this link are`}{' '}
            not in this project, or not any more.{' '}
            <button type="button" className="quiet" onClick={() => props.onIds(chosenIds)}>
              Leave out
            </button>
          </p>
        )}
      </header>
      {props.isLoading ? (
        <Skeleton count={3} />
      ) : chosen.length === 0 ? (
        <p className="card empty">Choose two accounts or more, for example one of yours and a competitor’s.</p>
      ) : (
        <>
          <Lines comparison={comparison} scale={scale} onScale={setScale} days={days} />
          <Table rows={comparison.rows} days={days} />
        </>
      )}
    </section>
  );
}

/** A list of a fixed length for a hook's dependencies. */
function spread(accounts: readonly TrackedAccount[]): (TrackedAccount | undefined)[] {
  return [0, 1, 2, 3, 4].map((index) => accounts[index]);
}

/** The accounts with their lines: a colour and dashes of its own for each. */
function Chosen({ comparison, onRemove }: { comparison: Comparison; onRemove: (id: string) => void }) {
  return (
    <ul className="cmp-chosen">
      {comparison.rows.map(({ account, line }) => (
        <li key={account.id} className="cmp-pill">
          <Swatch line={line} />
          <bdi className="cmp-name">@{account.username}</bdi>
          {account.platform && <span className="detail">{PLATFORM_LABELS[account.platform]}</span>}
          <button type="button" className="quiet" onClick={() => onRemove(account.id)}>
            <span aria-hidden="true">×</span>
            <span className="unseen">Take @{account.username} out</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Swatch({ line }: { line: number | null }) {
  return (
    line !== null && (
      <svg className={`cmp-swatch cmp-line${line + 1}`} viewBox="0 0 28 4" aria-hidden="true">
        <path d="M0 2H28" />
      </svg>
    )
  );
}

interface LinesProps {
  comparison: Comparison;
  scale: Scale;
  onScale: (scale: Scale) => void;
  days: Range;
}

function Lines({ comparison, scale, onScale, days }: LinesProps) {
  const { lines, range, commonStart, isLoading, problem } = comparison;
  const isIndexed = scale === 'indexed';
  const shown = useMemo(() => (isIndexed ? indexedLines(comparison) : comparison.lines), [comparison, isIndexed]);
  const shownRange = useMemo(
    () => (isIndexed ? { from: commonStart ?? undefined, to: range.to } : range),
    [isIndexed, commonStart, range],
  );
  return (
    <section className="card acc-card" aria-labelledby="cmp-lines" aria-busy={isLoading}>
      <div className="acc-card-head">
        <h3 id="cmp-lines">
          Followers
          {comparison.isStale && <span className="acc-stale"> Not connected</span>}
        </h3>
        <Segments name="Scale" options={SCALES} value={scale} onChange={onScale} />
        {lines.length > 0 && (
          <Action
            label="Export CSV"
            doing="Exporting…"
            act={async () => saveCsv(`comparison-${days}-days.csv`, comparisonCsv(comparison))}
          />
        )}
      </div>
      <p className="problem" role="alert">
        {problem}
      </p>
      {lines.length === 0 && isLoading && (
        <>
          <p className="unseen">Loading…</p>
          <span className="shape acc-chart-shape" aria-hidden="true" />
        </>
      )}
      {lines.length === 0 && !isLoading && !problem && (
        <p className="empty">None of these accounts has a history of the last {days} days that could be drawn.</p>
      )}
      {lines.length > 0 && isIndexed && commonStart === null && (
        <p className="empty">
          There is no day on which all of these accounts have a value. Choose a longer time, or look at the followers.
        </p>
      )}
      {lines.length > 0 && !(isIndexed && commonStart === null) && (
        <LineChart
          title={isIndexed ? `Followers in relation to ${utcDay(commonStart ?? '')}, which is 100` : 'Followers'}
          series={shown}
          range={shownRange}
        />
      )}
    </section>
  );
}

function Table({ rows, days }: { rows: readonly Row[]; days: Range }) {
  return (
    <section className="card acc-card" aria-labelledby="cmp-table">
      <div className="acc-card-head">
        <h3 id="cmp-table">Side by side</h3>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls; keyboards scroll only what can have the focus */}
      <section className="cmp-scroll" aria-label="Side by side, the table" tabIndex={0}>
        <table className="cmp-table">
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col">Followers</th>
              <th scope="col">Gained in {days} days</th>
              <th scope="col">In %</th>
              <th scope="col">Engagement rate</th>
              <th scope="col">Posts a week</th>
              <th scope="col">Outliers ({OUTLIER_LEVELS[0]}x)</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <AccountRow key={row.account.id} row={row} days={days} />
            ))}
          </tbody>
        </table>
      </section>
      <p className="detail acc-note">
        Engagement rate: likes and comments over views, or over followers for images; the median of the posts of 30
        days. Outliers: the share of the newest {full(POSTS)} posts that have at least {OUTLIER_LEVELS[0]} times the
        views of this account’s usual post of that kind.
      </p>
    </section>
  );
}

function AccountRow({ row, days }: { row: Row; days: Range }) {
  const { account, gain, outliers, notes } = row;
  return (
    <tr>
      <th scope="row">
        <div className="cmp-account">
          <Avatar account={account} />
          <div>
            <a href={hrefOf({ page: 'account', id: account.id, days })}>
              <bdi>{account.displayName}</bdi>
            </a>
            <span className="detail cmp-handle">
              <Swatch line={row.line} />
              <bdi>@{account.username}</bdi>
            </span>
            {notes.map((note) => (
              <span key={note} className="detail cmp-handle cmp-missing">
                {note}
              </span>
            ))}
          </div>
        </div>
      </th>
      <td>
        <Count value={row.followers} unit={['follower', 'followers']} />
      </td>
      <td>
        <Change value={gain?.absolute ?? null} of={`followers in ${days} days`} />
        {gain && !gain.isWhole && <span className="detail cmp-handle">since {utcDay(gain.from)}</span>}
      </td>
      <td>{gain?.percent == null ? <Unknown /> : signed(gain.percent / 100, percent)}</td>
      <td>{row.engagement === null ? <Unknown /> : percent(row.engagement)}</td>
      <td>{row.postsPerWeek === null ? <Unknown /> : decimal(row.postsPerWeek)}</td>
      <td>
        {outliers?.share == null ? (
          <Unknown />
        ) : (
          <>
            {percent(outliers.share)}
            <span className="detail cmp-handle">of {full(outliers.counted)}</span>
          </>
        )}
      </td>
    </tr>
  );
}

function Unknown() {
  return (
    <>
      <span aria-hidden="true">–</span>
      <span className="unseen">not known</span>
    </>
  );
}
