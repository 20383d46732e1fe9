import { type ReactNode, useState } from 'react';

interface PictureProps {
  src: string | null;
  className: string;
  /** Shown until the image is loaded. Stays when loading fails: the device is offline, or the image was deleted. */
  children: ReactNode;
}

/** A decorative image, hidden from screen readers: the text beside it says the same. */
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
