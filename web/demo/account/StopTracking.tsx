import { useId, useRef } from 'react';
import type { TrackedAccount } from '../../src/account';
import { full } from '../format';
import { useAction } from './Action';

interface StopTrackingProps {
  account: TrackedAccount;
  /** Whether this user may do it. */
  canRemove: boolean;
  onRemove: () => Promise<void>;
  /** Whether a job of this account waits or runs. */
  isSyncing: boolean;
  /** Called when it is done. */
  onGone: () => void;
}

/** Stop tracking the account, after a question that says what is deleted. */
export function StopTracking({ account, canRemove, onRemove, isSyncing, onGone }: StopTrackingProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const textId = useId();
  const { isBusy, problem, start } = useAction(onRemove);
  const { videoCount } = account;
  const videos = videoCount ? `its ${full(videoCount)} ${videoCount === 1 ? 'post' : 'posts'}` : 'its posts';

  async function remove(): Promise<void> {
    if (await start()) {
      dialog.current?.close();
      onGone();
    }
  }

  if (!canRemove) {
    return (
      <p className="detail acc-stop">
        Owners and admins of the organisation, and whoever added this account, can stop its tracking.
      </p>
    );
  }
  return (
    <div className="acc-stop">
      <button type="button" className="quiet acc-danger" onClick={() => dialog.current?.showModal()}>
        Stop tracking…
      </button>
      <dialog ref={dialog} className="acc-dialog" aria-labelledby={titleId} aria-describedby={textId}>
        <h3 id={titleId}>
          Stop tracking <bdi>@{account.username}</bdi>?
        </h3>
        <div id={textId}>
          <p>
            <strong>Deleted</strong> is the account at once, and within a day {videos} and all of its history. A history
            cannot be fetched again: whoever tracks the account after that begins anew.
          </p>
          <p>
            <strong>Kept</strong> are the jobs that tracked it, until they expire.
          </p>
          {isSyncing && (
            <p className="problem">A job of this account is under way and would track it again. Cancel it first.</p>
          )}
        </div>
        <p className="problem" role="alert">
          {problem}
        </p>
        <div className="acc-buttons">
          <button type="button" className="secondary" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" className="primary acc-danger" aria-disabled={isBusy} onClick={() => void remove()}>
            {isBusy ? 'Stopping…' : 'Stop tracking'}
          </button>
        </div>
      </dialog>
    </div>
  );
}
