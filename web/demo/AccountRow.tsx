// biome-ignore-all lint/a11y/useSemanticElements: rows of a table cannot be left out, nor stand on each other's lines
// biome-ignore-all lint/a11y/useFocusableInteractive: the controls in the cells have the focus

import { type MouseEvent, memo, useMemo } from 'react';
import type { TrackedAccount } from '../src/account';
import { Sparkline } from '../src/charts/Sparkline';
import type { Point } from '../src/charts/series';
import { PLATFORM_LABELS } from '../src/job';
import { PlatformIcon } from '../src/panel/PanelIcons';
import { TYPE_LABELS } from './AccountTools';
import { Ago } from './Ago';
import { shareGained } from './accountView';
import { Count } from './Count';
import { dayBefore } from './days';
import { Gain } from './Gain';
import { Avatar, Name } from './Identity';
import { Marks } from './Marks';
import { DEFAULT_RANGE, hrefOf } from './route';

const MOMENT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const DAYS = 30;
/** Stands in for the moment of an account that was never refreshed. */
const EVER = new Date(0);

export interface AccountRowProps {
  account: TrackedAccount;
  /** Its place in the list, from 0. */
  index: number;
  top: number;
  /** Whether Tab leads to this row. From there, the arrow keys lead to the others. */
  isCurrent: boolean;
  /** Whether its job has just been completed. */
  hasArrived: boolean;
  isChosen: boolean;
  /** Whether no more accounts can be chosen. */
  isFull: boolean;
  onChoose: (id: string, isChosen: boolean) => void;
  onOpen: (id: string) => void;
  onFocus: (id: string) => void;
}

/** One account in the grid. It is rendered only when one of its properties changes. */
export const AccountRow = memo(function AccountRow(props: AccountRowProps) {
  const { account, index, top, isCurrent, hasArrived, isChosen, isFull, onChoose, onOpen, onFocus } = props;
  const { id, accountType, growth } = account;
  const isClosed = isFull && !isChosen;
  const tabIndex = isCurrent ? 0 : -1;

  /** A click anywhere in the row opens the account, but for one on the link itself, or at the end of a selected text. */
  function click({ target }: MouseEvent): void {
    const isControl = target instanceof Element && target.closest('a, label') !== null;
    if (!isControl && window.getSelection()?.isCollapsed !== false) {
      onOpen(id);
    }
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the link in the row is the way for keys
    <div
      role="row"
      aria-rowindex={index + 2}
      className="row"
      style={{ transform: `translateY(${top}px)` }}
      data-id={id}
      data-arrived={hasArrived}
      data-chosen={isChosen}
      tabIndex={-1}
      onClick={click}
      onFocus={() => onFocus(id)}
    >
      <span role="gridcell" className="choose">
        <label title={isClosed ? 'Five accounts are chosen. Take one away first.' : 'Choose for a comparison'}>
          <input
            type="checkbox"
            checked={isChosen}
            aria-disabled={isClosed}
            aria-label={`Compare ${account.displayName}`}
            tabIndex={tabIndex}
            onChange={({ target }) => !isClosed && onChoose(id, target.checked)}
          />
        </label>
      </span>
      <span role="gridcell" className="account">
        <Avatar account={account} />
        <a href={hrefOf({ page: 'account', id, days: DEFAULT_RANGE })} tabIndex={tabIndex}>
          <Name account={account} />
        </a>
        <span className="detail">
          {account.platform && <PlatformIcon platform={account.platform} />}
          <bdi className="handle">@{account.username}</bdi>
          {account.platform && <span className="platform"> · {PLATFORM_LABELS[account.platform]}</span>}
          {accountType && <span className={accountType}> · {TYPE_LABELS[accountType]}</span>}
        </span>
        <span className="marks">
          <Marks account={account} />
        </span>
      </span>
      <span role="gridcell" className="trend">
        <Trend account={account} />
      </span>
      <span role="gridcell" className="followers">
        <Count value={account.followerCount} unit={['follower', 'followers']} />
      </span>
      <span role="gridcell" className="week">
        <Gain value={growth?.f7 ?? null} share={shareGained(account, 'f7')} time="in 7 days" />
      </span>
      <span role="gridcell" className="month">
        <Gain value={growth?.f30 ?? null} share={shareGained(account, 'f30')} time="in 30 days" />
      </span>
      <span role="gridcell" className="synced">
        {account.lastSyncedAt ? (
          <time dateTime={account.lastSyncedAt.toISOString()} title={MOMENT.format(account.lastSyncedAt)}>
            <Ago moment={account.lastSyncedAt} />
          </time>
        ) : (
          <Unknown what="Not refreshed yet" />
        )}
      </span>
    </div>
  );
});

/** The followers of 30 days as a line, as soon as two days have a value. */
function Trend({ account }: { account: TrackedAccount }) {
  const { recentFollowers, lastSyncedAt } = account;
  const points = useMemo(() => pointsOf(recentFollowers, lastSyncedAt), [recentFollowers, lastSyncedAt]);
  if (points.filter(({ value }) => value !== null).length < 2) {
    return <Unknown what="Too few days for a line" />;
  }
  // The same 30 days in each row, so that lines can be compared: a short history is at the end of them.
  return (
    <Sparkline
      title="Followers"
      points={points}
      range={{ from: dayBefore(lastSyncedAt ?? EVER, DAYS - 1) }}
      steps={account.platform === 'youtube'}
      hasTable={false}
    />
  );
}

/** Give each value its day: the last one is of the newest refresh, since each refresh makes a point. */
function pointsOf(values: readonly (number | null)[], newest: Date | null): Point[] {
  return values.map((value, index) => ({ day: dayBefore(newest ?? EVER, values.length - 1 - index), value }));
}

function Unknown({ what }: { what: string }) {
  return (
    <span className="none" title={what}>
      <span aria-hidden="true">–</span>
      <span className="unseen">{what}</span>
    </span>
  );
}
