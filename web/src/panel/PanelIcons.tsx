import type { ReactNode } from 'react';
import type { JobStatus, Platform } from '../job';

/** Icons of our own. Each stands beside words that say the same, so screen readers skip it. */
function Icon({ className, children }: { className: string; children: ReactNode }) {
  return (
    <svg className={className} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

const PLATFORM_PATHS: Readonly<Partial<Record<Platform, string>>> = {
  instagram: 'M2.5 5h2.6l1-1.7h3.8l1 1.7h2.6v7.7h-11zM8 11a2.3 2.3 0 1 0 0-4.6A2.3 2.3 0 0 0 8 11z',
  tiktok: 'M6.7 11.2V3l5.3 1.2v2.3L6.7 5.3M6.7 11.2a1.8 1.8 0 1 1-3.6 0 1.8 1.8 0 0 1 3.6 0z',
  youtube: 'M2 4h12v8H2zM6.8 6v4L10 8z',
  twitter: 'M2.8 2.8h2.9l7.5 10.4h-2.9zM12.9 2.8 9 7.2M7 8.8l-3.9 4.4',
};

/** The drawing of a person, for a platform without its own drawing. */
const ANY_PLATFORM_PATH = 'M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3.2 13.4c0-2.4 2.1-3.6 4.8-3.6s4.8 1.2 4.8 3.6';

export function PlatformIcon({ platform }: { platform: Platform }) {
  return (
    <span className="tracking-panel__platform">
      <Icon className="tracking-panel__icon">
        <path d={PLATFORM_PATHS[platform] ?? ANY_PLATFORM_PATH} />
      </Icon>
    </span>
  );
}

const STATUS_PATHS: Readonly<Record<JobStatus, string>> = {
  pending: 'M8 4.6V8l2.2 1.6M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  processing: 'M14 8a6 6 0 1 1-6-6',
  completed: 'm5 8.2 2.1 2.1L11 6M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  failed: 'M8 4.8v4M8 11h.01M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
  cancelled: 'M3.8 12.2l8.4-8.4M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12z',
};

export function StatusIcon({ status }: { status: JobStatus }) {
  return (
    <Icon className={`tracking-panel__icon tracking-panel__icon--${status}`}>
      <path d={STATUS_PATHS[status]} />
    </Icon>
  );
}

export function CloseIcon() {
  return (
    <Icon className="tracking-panel__icon">
      <path d="m4 4 8 8M12 4l-8 8" />
    </Icon>
  );
}

/** A clock with an arrow back. */
export function HistoryIcon() {
  return (
    <Icon className="tracking-panel__icon">
      <path d="M2.6 5.2A6 6 0 1 1 2 8M2.4 2.4v2.8h2.8M8 4.8V8l2.2 1.4" />
    </Icon>
  );
}

export function BellIcon({ isOn }: { isOn: boolean }) {
  return (
    <Icon className="tracking-panel__icon">
      <path d="M3.4 11.4h9.2c-1-1-1.2-2-1.2-4.4a3.4 3.4 0 0 0-6.8 0c0 2.4-.2 3.4-1.2 4.4zM6.8 13.6h2.4" />
      {!isOn && <path d="m2.6 2.6 10.8 10.8" />}
    </Icon>
  );
}

/** Arrow that points down while the list is open, and up while it is collapsed. */
export function Chevron({ isCollapsed }: { isCollapsed: boolean }) {
  return (
    <Icon
      className={`tracking-panel__icon tracking-panel__chevron${isCollapsed ? ' tracking-panel__chevron--up' : ''}`}
    >
      <path d="m4 6 4 4 4-4" />
    </Icon>
  );
}
