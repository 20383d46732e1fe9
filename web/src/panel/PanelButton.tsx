import type { ReactNode } from 'react';

interface PanelButtonProps {
  children: ReactNode;
  /** More words for screen readers, after the visible ones. */
  about?: string;
  /** `aria-disabled` keeps the focus on the button, which `disabled` would not. */
  isBusy?: boolean;
  type?: 'button' | 'submit';
  onClick?: () => void;
}

/** A button with words. */
export function PanelButton({ children, about, isBusy = false, type = 'button', onClick }: PanelButtonProps) {
  return (
    <button
      type={type}
      className="tracking-panel__action"
      aria-disabled={isBusy}
      onClick={() => !isBusy && onClick?.()}
    >
      {children}
      {about && <span className="tracking-panel__unseen">{about}</span>}
    </button>
  );
}

interface IconButtonProps {
  label: string;
  children: ReactNode;
  /** For a button that stays pressed. */
  isPressed?: boolean;
  onClick: () => void;
}

/** A button with an icon; its words are its name and its tooltip. */
export function IconButton({ label, children, isPressed, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      className="tracking-panel__iconButton"
      aria-label={label}
      aria-pressed={isPressed}
      title={label}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
