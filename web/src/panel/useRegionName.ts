import { useLayoutEffect, useState } from 'react';

/** Title -> the numbers of the panels in sight that have it. */
const taken = new Map<string, Set<number>>();

/** Return the name of a panel's region: the title, with a number if another panel in sight has the same one. */
export function useRegionName(title: string): string {
  const [number, setNumber] = useState(1);
  useLayoutEffect(() => {
    const numbers = taken.get(title) ?? new Set();
    taken.set(title, numbers);
    let free = 1;
    while (numbers.has(free)) {
      free += 1;
    }
    numbers.add(free);
    setNumber(free);
    return () => void numbers.delete(free);
  }, [title]);
  return number === 1 ? title : `${title} (${number})`;
}
