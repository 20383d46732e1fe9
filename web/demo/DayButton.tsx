import { useRef, useState } from 'react';
import './day.css';

interface DayButtonProps {
  /** Address of `POST /day`. */
  url: string;
}

type Passing =
  | { status: 'idle' }
  | { status: 'busy' }
  | { status: 'passed'; day: number; waiting: number }
  | { status: 'failed'; sentence: string };

const NO_ANSWER = 'The local stack does not answer. Does it run?';

/**
 * Let a day pass on the local stack: all accounts become a day older, and are fetched again. The page hears of the new
 * points by its listeners. It takes some seconds.
 */
export function DayButton({ url }: DayButtonProps) {
  const [passing, setPassing] = useState<Passing>({ status: 'idle' });
  const isAsking = useRef(false);

  async function passDay(): Promise<void> {
    if (isAsking.current) {
      return; // a second click may come before the button is shown as busy
    }
    isAsking.current = true;
    setPassing({ status: 'busy' });
    setPassing(await askForDay(url));
    isAsking.current = false;
  }

  return (
    <div className="day">
      <button
        type="button"
        className="secondary"
        aria-disabled={passing.status === 'busy'}
        title="Everything here becomes a day older, and each account is fetched again."
        onClick={() => void passDay()}
      >
        {passing.status === 'busy' ? 'A day passes…' : 'Let a day pass'}
      </button>
      <span role="status">{passing.status === 'passed' && told(passing)}</span>
      <span className="problem" role="alert">
        {passing.status === 'failed' && passing.sentence}
      </span>
    </div>
  );
}

async function askForDay(url: string): Promise<Passing> {
  const answer = await fetch(url, { method: 'POST' }).catch(() => null);
  const found: unknown = await answer?.json().catch(() => null);
  const { day, waiting, error } = (found ?? {}) as Record<string, unknown>;
  if (answer?.ok && typeof day === 'number') {
    return { status: 'passed', day, waiting: typeof waiting === 'number' ? waiting : 0 };
  }
  return { status: 'failed', sentence: typeof error === 'string' ? error : NO_ANSWER };
}

function told({ day, waiting }: { day: number; waiting: number }): string {
  const late = waiting === 1 ? ', one account is not fetched yet' : `, ${waiting} accounts are not fetched yet`;
  return `Day ${day}${waiting > 0 ? late : ''}`;
}
