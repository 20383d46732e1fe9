import { useId, useRef } from 'react';
import type { TrackedAccount } from '../../src/account';
import { full } from '../format';
import { useAction } from './Action';

interface StopTrackingProps {
  account: TrackedAccount;
  /** Whether this user may do it. */
  canRemove: boolean;
  onRemove: () => Promise<void>;
  /** Called when it is done. */
  onGone: () => void;
}

/** Stop tracking the account, after a question that says what is deleted. */
export function StopTracking({ account, canRemove, onRemove, onGone }: StopTrackingProps) {
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
      <p className="detail acc-stop">Owners and admins of the organisation can stop the tracking of this account.</p>
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
            <strong>Deleted within a day:</strong> the account, {videos} and all of its history. A history cannot be
            fetched again: whoever tracks the account later begins anew.
          </p>
          <p>
            <strong>Kept:</strong> the jobs that tracked it, until they expire.
          </p>
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
