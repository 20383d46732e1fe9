/**
 * Finishes the type declarations in `dist` after tsc.
 *
 * tsc writes import paths as the sources have them, without an ending. A host with `moduleResolution` node16 or nodenext
 * finds a file only by its whole name, so each relative path gets `.js`. Each style gets a declaration, so that
 * `import 'account-tracking/style.css'` has types.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const DIST = new URL('../dist/', import.meta.url);
/** A relative path after `from` or in `import("...")`. */
const RELATIVE_PATH = /(\bfrom '|\bimport\(['"])(\.{1,2}\/[^'"]+?)(?:\.js)?(?=['"])/g;

for (const name of readdirSync(DIST, { recursive: true, encoding: 'utf8' })) {
  if (name.endsWith('.d.ts')) {
    const file = new URL(name, DIST);
    writeFileSync(file, readFileSync(file, 'utf8').replace(RELATIVE_PATH, '$1$2.js'));
  }
}
for (const style of ['style', 'chartStyle', 'newsStyle']) {
  writeFileSync(new URL(`${style}.d.css.ts`, DIST), 'export {};\n');
}
