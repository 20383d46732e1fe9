/** Grey shapes in place of a list that is still loading. */
export function Skeleton({ count }: { count: number }) {
  return (
    <>
      <p className="unseen">Loading…</p>
      <div className="rows" aria-hidden="true">
        {Array.from({ length: count }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the shapes are all the same
          <span key={index} className="shape" />
        ))}
      </div>
    </>
  );
}
