import { type ReactNode, useState } from 'react';

interface PictureProps {
  src: string | null;
  className: string;
  /** Shown until the image has come, and for good when it does not come: offline, or deleted by the platform. */
  children: ReactNode;
}

/** A decorative image: what it shows is said beside it. */
export function Picture({ src, className, children }: PictureProps) {
  return (
    <span className={`picture ${className}`} aria-hidden="true">
      {children}
      {src && <FadingIn key={src} src={src} />}
    </span>
  );
}

function FadingIn({ src }: { src: string }) {
  const [state, setState] = useState<'coming' | 'come' | 'failed'>('coming');
  if (state === 'failed') {
    return null;
  }
  return (
    <img
      src={src}
      alt=""
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      data-come={state === 'come'}
      onLoad={() => setState('come')}
      onError={() => setState('failed')}
    />
  );
}
