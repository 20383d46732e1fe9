/** Grey shapes in place of a list that is still loading. */
export function Skeleton({ shape, count }: { shape: 'rows' | 'cards'; count: number }) {
  return (
    <>
      <p className="unseen">Loading…</p>
      <div className={shape === 'cards' ? 'grid' : 'rows'} aria-hidden="true">
        {Array.from({ length: count }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the shapes are all the same
          <span key={index} className="shape" />
        ))}
      </div>
    </>
  );
}
