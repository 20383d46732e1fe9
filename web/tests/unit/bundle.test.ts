// @vitest-environment node
/** A page's code is public, so no environment variable of the build may be in it. */

import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 30_000 });

const WEB = fileURLToPath(new URL('../../', import.meta.url));

/** Build, and return this package's modules in the bundle, and each place where a module reads a variable. */
async function modulesOf(configFile: string, root: string): Promise<{ modules: string[]; asking: string[] }> {
  const modules: string[] = [];
  const asking: string[] = [];
  const reader = {
    name: 'reader',
    enforce: 'pre' as const,
    transform(code: string, id: string): void {
      if (id.startsWith(WEB) && !id.includes('/node_modules/')) {
        modules.push(id.slice(WEB.length));
        asking.push(...(code.match(/\b(import\.meta|process)\b.*/g) ?? []).map((line) => `${id}: ${line}`));
      }
    },
  };
  await build({ configFile: WEB + configFile, root, plugins: [reader], build: { write: false }, logLevel: 'error' });
  return { modules, asking };
}

test.each([
  ['the package', 'vite.config.ts', WEB],
  ['the demo page', 'vite.demo.config.ts', `${WEB}demo`], // it reads addresses from config.json, at run time
])('%s reads no environment variable', async (_, configFile, root) => {
  const { modules, asking } = await modulesOf(configFile, root);
  expect(modules).toContain('src/kick.ts');
  expect(asking).toEqual([]);
});
