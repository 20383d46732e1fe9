import { useState } from 'react';
import { trackingJobError } from '../../src/errors';

export interface ActionState<Args extends unknown[]> {
  isBusy: boolean;
  /** A sentence; empty without a failure. */
  problem: string;
  /** Resolves to whether the action succeeded. */
  start: (...args: Args) => Promise<boolean>;
}

/** Run an action once at a time, and keep the sentence of its failure until the next start. */
export function useAction<Args extends unknown[]>(act: (...args: Args) => Promise<void>): ActionState<Args> {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');

  async function start(...args: Args): Promise<boolean> {
    if (isBusy) {
      return false;
    }
    setBusy(true);
    setProblem('');
    try {
      await act(...args);
      return true;
    } catch (thrown) {
      setProblem(trackingJobError(thrown).message);
      return false;
    } finally {
      setBusy(false);
    }
  }

  return { isBusy, problem, start };
}

interface ActionProps {
  label: string;
  doing: string;
  /** Whether it is being done already, by this page or another. */
  isDoing?: boolean;
  className?: string;
  act: () => Promise<void>;
}

/** A button that shows its action's progress, and the reason if it fails. */
export function Action({ label, doing, isDoing = false, className = 'secondary', act }: ActionProps) {
  const { isBusy, problem, start } = useAction(act);
  const isOn = isBusy || isDoing;
  return (
    <span className="acc-action">
      <button type="button" className={className} aria-disabled={isOn} onClick={() => !isOn && void start()}>
        {isOn ? doing : label}
      </button>
      <span className="problem" role="alert">
        {problem}
      </span>
    </span>
  );
}
