/** Icons as inline SVG: the page loads nothing from other sites. */

const PATHS = {
  back: 'M12.5 4.5 7 10l5.5 5.5',
  verified: 'm6.5 10.2 2.4 2.4 4.8-5',
  lock: 'M6 9V7a4 4 0 0 1 8 0v2M5 9h10v7H5z',
  eye: 'M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10zm8 2.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z',
  heart: 'M10 16.5S3 12.6 3 7.9A3.6 3.6 0 0 1 10 6.5a3.6 3.6 0 0 1 7 1.4c0 4.7-7 8.6-7 8.6z',
  comment: 'M3 4.5h14v9H9.5L6 16.5v-3H3z',
  video: 'm7.5 5.5 7 4.5-7 4.5z',
  image: 'M3 4.5h14v11H3zm0 8.5 4-4 3.5 3.5 2-2L17 15M13 8.2h.01',
  carousel: 'M6 4.5h11v11H6zM3 6.5v9.5h11',
  text: 'M4 5.5h12M4 10h12M4 14.5h7',
  warning: 'M10 3.5 17.5 16h-15zM10 8.5v3.2M10 13.8h.01',
  trend: 'm3 14 4.5-4.5 3 3L17 6m-4.5 0H17v4.5',
  drop: 'm3 6 4.5 4.5 3-3L17 14m-4.5 0H17V9.5',
  renamed: 'M4 10h11m-4-4 4 4-4 4',
  up: 'M10 16V4.5M5.5 9 10 4.5 14.5 9',
  down: 'M10 4v11.5M5.5 11l4.5 4.5 4.5-4.5',
  close: 'm5.5 5.5 9 9m0-9-9 9',
} as const;

interface IconProps {
  name: keyof typeof PATHS;
  /** Text for screen readers; without it the icon is decoration. */
  label?: string;
}

export function Icon({ name, label }: IconProps) {
  const drawing = (
    <svg className={`icon icon-${name}`} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
  if (label === undefined) {
    return drawing;
  }
  return (
    <span title={label}>
      {drawing}
      <span className="unseen"> ({label})</span>
    </span>
  );
}

/** The product's mark. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M8 21.5 13.5 16l4 4L24 11.5" />
    </svg>
  );
}
