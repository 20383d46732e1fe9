import { type ReactNode, useState } from 'react';

interface PictureProps {
  /** Addresses of the picture, the best first: our copy, then the platform's own, which may have expired. */
  sources: readonly (string | null)[];
  className: string;
  /** Shown until the image is loaded. Stays when no address has it: the device is offline, or the image was deleted. */
  children: ReactNode;
}

/** A decorative image, hidden from screen readers: the text beside it says the same. */
export function Picture({ sources, className, children }: PictureProps) {
  const known = sources.filter((source) => source !== null);
  return (
    <span className={`picture ${className}`} aria-hidden="true">
      {children}
      <FadingIn key={known.join()} sources={known} />
    </span>
  );
}

function FadingIn({ sources }: { sources: readonly string[] }) {
  const [failures, setFailures] = useState(0);
  const [isLoaded, setIsLoaded] = useState(false);
  const src = sources[failures];
  if (src === undefined) {
    return null;
  }
  return (
    <img
      src={src}
      alt=""
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      data-come={isLoaded}
      onLoad={() => setIsLoaded(true)}
      onError={() => setFailures((count) => count + 1)}
    />
  );
}
