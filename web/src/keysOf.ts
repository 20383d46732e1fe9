/**
 * Return the keys of a record. TypeScript then lists them in the package's declarations. Otherwise a declaration would
 * import the contract, which is not in the package.
 */
export function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(record) as Key[];
}
