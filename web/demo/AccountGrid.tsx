// biome-ignore-all lint/a11y/useSemanticElements: rows of a table cannot be left out, nor stand on each other's lines
// biome-ignore-all lint/a11y/useFocusableInteractive: the controls in the cells have the focus

import { type KeyboardEvent, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { TrackedAccount } from '../src/account';
import { AccountRow } from './AccountRow';
import { isUpward } from './AccountTools';
import type { AccountSort, AccountView } from './accountView';
import { Icon } from './DemoIcons';
import { MOST_COMPARED } from './route';
import { useVisibleRows } from './useVisibleRows';

/** Columns of the grid. Those with two sorts have two buttons. */
const COLUMNS: readonly { name: string; label: string; sorts: readonly [AccountSort, string][] }[] = [
  { name: 'choose', label: 'Compare', sorts: [] },
  { name: 'account', label: '', sorts: [['name', 'Account']] },
  { name: 'trend', label: 'Trend', sorts: [] },
  { name: 'followers', label: '', sorts: [['followers', 'Followers']] },
  {
    name: 'week',
    label: '',
    sorts: [
      ['f7', '7 days'],
      ['p7', '%'],
    ],
  },
  {
    name: 'month',
    label: '',
    sorts: [
      ['f30', '30 days'],
      ['p30', '%'],
    ],
  },
  { name: 'synced', label: '', sorts: [['synced', 'Refreshed']] },
];
/** Names of the buttons that show only a `%`. */
const SHARES: Partial<Readonly<Record<AccountSort, string>>> = {
  p7: 'Growth of 7 days in %',
  p30: 'Growth of 30 days in %',
};
const PAGE_ROWS = 10;

interface AccountGridProps {
  /** The accounts to show, in their order. */
  shown: readonly TrackedAccount[];
  view: AccountView;
  onView: (view: AccountView) => void;
  arrivedId: string | null;
  /** The account that was open before: the focus returns to it. */
  lastOpenedId: string | null;
  chosenIds: readonly string[];
  onChoose: (id: string, isChosen: boolean) => void;
  onOpen: (id: string) => void;
}

/**
 * A grid of thousands of accounts, of which only the rows near the window are drawn. Tab leads to one row; the arrow
 * keys, Page Up, Page Down, Home and End go on from there: https://www.w3.org/WAI/ARIA/apg/patterns/grid/
 */
export function AccountGrid(props: AccountGridProps) {
  const { shown, view, onView, arrivedId, lastOpenedId, chosenIds, onChoose, onOpen } = props;
  const { frame, sample, rowPx, first, end } = useVisibleRows(shown.length);
  const [currentId, setCurrentId] = useState(lastOpenedId);
  const current = Math.max(
    0,
    shown.findIndex(({ id }) => id === currentId),
  );
  const onFocus = useCallback((id: string) => setCurrentId(id), []);
  useReturnedFocus(frame, lastOpenedId);
  useTopOfNewView(frame, view);

  // The current row stays, even out of sight: it may have the focus.
  const drawn = Array.from({ length: Math.max(0, end - first) }, (_, number) => first + number);
  const indices = current < first ? [current, ...drawn] : current >= end ? [...drawn, current] : drawn;

  function press(event: KeyboardEvent<HTMLDivElement>): void {
    const isOther = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    const to = isOther ? null : nextOf(event.key, current, shown.length);
    const isInBox = event.target instanceof HTMLInputElement;
    if (to === null && !(['ArrowLeft', 'ArrowRight'].includes(event.key) && !isOther)) {
      return;
    }
    event.preventDefault();
    const next = shown[to ?? current];
    if (next) {
      flushSync(() => setCurrentId(next.id));
      focusRow(frame.current, next.id, to === null ? event.key === 'ArrowLeft' : isInBox);
    }
  }

  return (
    <div role="grid" className="grid-of-accounts" aria-labelledby="accounts-title" aria-rowcount={shown.length + 1}>
      <div role="rowgroup" className="head">
        <div role="row" className="columns" aria-rowindex={1}>
          {COLUMNS.map(({ name, label, sorts }) => (
            <span key={name} role="columnheader" className={name} {...orderOf(view, sorts)}>
              {label && <span className={name === 'choose' ? 'unseen' : ''}>{label}</span>}
              {sorts.map(([sort, text]) => (
                <button
                  key={sort}
                  type="button"
                  data-on={view.sort === sort}
                  aria-label={SHARES[sort]}
                  title={SHARES[sort]}
                  onClick={() => onView({ ...view, sort, isReversed: view.sort === sort && !view.isReversed })}
                >
                  {text}
                  {view.sort === sort && <Icon name={isUpward(view) ? 'up' : 'down'} />}
                </button>
              ))}
            </span>
          ))}
        </div>
      </div>
      <div ref={sample} className="row sample" aria-hidden="true" />
      <div
        role="rowgroup"
        ref={frame}
        className="rows-of-accounts"
        style={{ height: shown.length * rowPx }}
        onKeyDown={press}
      >
        {indices.flatMap((index) => {
          const account = shown[index];
          return account
            ? [
                <AccountRow
                  key={account.id}
                  account={account}
                  index={index}
                  top={index * rowPx}
                  isCurrent={index === current}
                  hasArrived={account.id === arrivedId}
                  isChosen={chosenIds.includes(account.id)}
                  isFull={chosenIds.length >= MOST_COMPARED}
                  onChoose={onChoose}
                  onOpen={onOpen}
                  onFocus={onFocus}
                />,
              ]
            : [];
        })}
      </div>
    </div>
  );
}

function orderOf(view: AccountView, sorts: readonly [AccountSort, string][]) {
  const isSorted = sorts.some(([sort]) => sort === view.sort);
  return isSorted ? { 'aria-sort': isUpward(view) ? ('ascending' as const) : ('descending' as const) } : {};
}

/** Return the row that a key leads to; null for other keys. */
function nextOf(key: string, current: number, count: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: PAGE_ROWS,
    PageUp: -PAGE_ROWS,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  return step === undefined ? null : Math.min(Math.max(current + step, 0), count - 1);
}

function focusRow(frame: HTMLElement | null, id: string, isBox: boolean, options?: FocusOptions): void {
  const row = frame?.querySelector(`[data-id="${CSS.escape(id)}"]`);
  row?.querySelector<HTMLElement>(isBox ? 'input' : 'a')?.focus(options);
}

/** Give the focus back to the account that was open, when the list is shown again. */
function useReturnedFocus(frame: { readonly current: HTMLElement | null }, id: string | null): void {
  const returnedTo = useRef(id);
  useLayoutEffect(() => {
    if (returnedTo.current !== null) {
      focusRow(frame.current, returnedTo.current, false, { preventScroll: true });
    }
  }, [frame]);
}

/** Show the first rows of another order or filter, if the page was scrolled below them. */
function useTopOfNewView(frame: { readonly current: HTMLElement | null }, view: AccountView): void {
  const seen = useRef(view);
  useLayoutEffect(() => {
    const grid = frame.current?.parentElement;
    if (seen.current !== view && grid && grid.getBoundingClientRect().top < 0) {
      grid.scrollIntoView({ block: 'start' });
    }
    seen.current = view;
  }, [frame, view]);
}
