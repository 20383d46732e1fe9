import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import type { TrackingJobError } from '../errors';
import { useNewsTools } from './newsContext';
import type { NewsAttempt } from './newsLabels';
import type { NewsAction } from './useNewsAction';

interface NewsButtonProps {
  children: ReactNode;
  /** More words for screen readers, after the visible ones. */
  about?: string | undefined;
  kind?: 'plain' | 'primary' | 'danger';
  type?: 'button' | 'submit';
  /** `aria-disabled` keeps the focus on the button, which `disabled` would not. */
  isDisabled?: boolean;
  /** Id of the element that says why it is disabled. */
  describedBy?: string | undefined;
  isExpanded?: boolean | undefined;
  onClick?: () => void;
}

export function NewsButton(props: NewsButtonProps) {
  const { children, about, kind = 'plain', type = 'button', isDisabled = false, onClick } = props;
  return (
    <button
      type={type}
      className={`tracking-news__button tracking-news__button--${kind}`}
      aria-disabled={isDisabled}
      aria-describedby={props.describedBy}
      aria-expanded={props.isExpanded}
      onClick={(event) => {
        if (isDisabled) {
          event.preventDefault();
        } else {
          onClick?.();
        }
      }}
    >
      {children}
      {about && <span className="tracking-news__unseen">{about}</span>}
    </button>
  );
}

/** Show a failure: what was tried, and the error's sentence. Its element stays, so that screen readers say it. */
export function Failure({ of, error, id }: { of: NewsAttempt; error: TrackingJobError | null; id?: string }) {
  const { labels } = useNewsTools().words;
  return (
    <p className="tracking-news__problem" role="alert" id={id}>
      {error && `${labels.couldNot[of]} ${labels.errorSentence(error)}`}
    </p>
  );
}

/** Show that a list could not be loaded. Endpoints are not for everybody, which is no fault. */
export function LoadFailure({ error, onTryAgain }: { error: TrackingJobError; onTryAgain: () => void }) {
  const { labels } = useNewsTools().words;
  if (error.code === 'not-allowed') {
    return (
      <p className="tracking-news__empty" role="alert">
        {labels.managersOnly}
      </p>
    );
  }
  return (
    <div className="tracking-news__empty">
      <Failure of="load" error={error} />
      <NewsButton onClick={onTryAgain}>{labels.tryAgain}</NewsButton>
    </div>
  );
}

/** Grey shapes of the size of what is loaded. */
export function NewsSkeleton({ rows }: { rows: number }) {
  return (
    <div className="tracking-news__skeleton" aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => row).map((row) => (
        <div key={row} />
      ))}
    </div>
  );
}

interface ConfirmProps {
  question: string;
  children: ReactNode;
  yes: string;
  no: string;
  isDanger?: boolean;
  action: NewsAction;
  failing: NewsAttempt;
  onYes: () => void;
  onNo: () => void;
}

/** A question in the page itself. The focus goes to the safe answer, and back to where it came from. */
export function Confirm(props: ConfirmProps) {
  const { action } = props;
  const questionId = useId();
  const textId = useId();
  const ref = useHeldFocus();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div
      ref={ref}
      className="tracking-news__confirm"
      role="group"
      aria-labelledby={questionId}
      aria-describedby={textId}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !action.isBusy) {
          event.stopPropagation();
          props.onNo();
        }
      }}
    >
      <p id={questionId} className="tracking-news__strong">
        {props.question}
      </p>
      <div id={textId} className="tracking-news__quiet">
        {props.children}
      </div>
      <Failure of={props.failing} error={action.error} />
      <div className="tracking-news__buttons">
        <NewsButton onClick={props.onNo}>{props.no}</NewsButton>
        <NewsButton kind={props.isDanger ? 'danger' : 'primary'} isDisabled={action.isBusy} onClick={props.onYes}>
          {props.yes}
        </NewsButton>
      </div>
    </div>
  );
}

/**
 * Move the focus into an element when it appears: to its first field, else to its first button. When it goes with the
 * focus inside, the element that had the focus before gets it back.
 */
export function useHeldFocus() {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    const before = document.activeElement;
    const target =
      element?.querySelector<HTMLElement>('input, select, textarea') ?? element?.querySelector<HTMLElement>('button');
    target?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected && element?.contains(document.activeElement)) {
        before.focus();
      }
    };
  }, []);
  return ref;
}
