import type { TrackedAccount } from '../src/account';
import { useIsBefore } from '../src/panel/browserState';
import { Icon } from './DemoIcons';
import { type Mark, type MarkKind, marksOf } from './marks';

const ICONS = { unavailable: 'warning', spike: 'trend', drop: 'drop', renamed: 'renamed' } as const satisfies Record<
  MarkKind,
  string
>;

/** Show the account's marks: unavailable, a spike of the last days, another name before. */
export function Marks({ account }: { account: TrackedAccount }) {
  return marksOf(account).map((mark) => <One key={mark.kind + mark.text} mark={mark} />);
}

function One({ mark }: { mark: Mark }) {
  const isNews = useIsBefore(mark.until ?? Number.POSITIVE_INFINITY);
  return (
    isNews && (
      <span className={`mark-text ${mark.kind}`} title={mark.text + mark.detail}>
        <Icon name={ICONS[mark.kind]} />
        <span className="text">
          {mark.text}
          <span className="rest">{mark.detail}</span>
        </span>
      </span>
    )
  );
}
