// @vitest-environment node
/** The package's build: what a page pays for each entry, what is public in it, and what hosts need of its files. */

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type InlineConfig, type Rolldown } from 'vite';
import { afterAll, expect, test, vi } from 'vitest';
import manifest from '../../package.json';

vi.setConfig({ testTimeout: 30_000 });
vi.stubEnv('NODE_ENV', 'production'); // otherwise React's development runtime is in the bundle

afterAll(() => {
  vi.unstubAllEnvs();
});

const WEB = fileURLToPath(new URL('../../', import.meta.url));
const IN_MEMORY: InlineConfig = { root: WEB, configFile: `${WEB}vite.config.ts`, logLevel: 'error' };

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

/** A page's code is public, so no environment variable of the build may be in it. */
test.each([
  ['the package', 'vite.config.ts', WEB],
  ['the demo page', 'vite.demo.config.ts', `${WEB}demo`], // it reads addresses from config.json, at run time
])('%s reads no environment variable', async (_, configFile, root) => {
  const { modules, asking } = await modulesOf(configFile, root);
  expect(modules).toContain('src/kick.ts');
  expect(asking).toEqual([]);
});

async function chunksOf(config: InlineConfig): Promise<Rolldown.OutputChunk[]> {
  const [output] = (await build({ ...config, build: { ...config.build, write: false } })) as [Rolldown.RolldownOutput];
  return output.output.filter((file) => file.type === 'chunk');
}

/** Build a page that imports one entry, as a host's bundler does: in one file, minified. */
async function pageOf(entry: string): Promise<Rolldown.OutputChunk> {
  const [page] = await chunksOf({
    configFile: false,
    root: WEB,
    logLevel: 'error',
    build: {
      lib: { entry: { page: entry }, formats: ['es'] },
      minify: 'oxc',
      rollupOptions: { external: [/^react($|\/)/, /^react-dom($|\/)/, /^firebase($|\/)/] },
    },
  });
  return page as Rolldown.OutputChunk;
}

/** gzip bytes. A higher limit needs a reason: every page pays it. */
test.each([
  ['src/usernameEntry.ts', 2_816, []],
  ['src/historyEntry.ts', 2_880, ['firebase/firestore']],
  ['src/newsEntry.ts', 7_360, ['firebase/firestore']],
  ['src/service.ts', 12_992, ['firebase/firestore']],
  ['src/chartsEntry.ts', 8_192, ['react', 'react/jsx-runtime']],
  ['src/newsPanelEntry.ts', 21_504, ['firebase/firestore', 'react', 'react/jsx-runtime']],
  ['src/panelEntry.ts', 18_688, ['react', 'react-dom', 'react/jsx-runtime']],
  ['src/index.ts', 27_392, ['firebase/firestore', 'react', 'react-dom', 'react/jsx-runtime']],
])('%s adds at most %d bytes to a page', async (entry, limit, imports) => {
  const page = await pageOf(entry);
  expect(gzipSync(page.code).length).toBeLessThanOrEqual(limit);
  expect(page.imports.toSorted()).toEqual(imports);
});

/** Next refuses hooks in a server component, unless the file that has them carries the mark. */
test('files with React, and no others, are marked for clients', async () => {
  for (const { fileName, code, imports } of await chunksOf(IN_MEMORY)) {
    const hasReact = imports.some((name) => name.startsWith('react'));
    expect([fileName, /^['"]use client['"];/.test(code)]).toEqual([fileName, hasReact]);
  }
});

test('functions of the charts run on servers, too', async () => {
  const chunks = await chunksOf(IN_MEMORY);
  const holder = chunks.find(({ code }) => code.includes('function growthOver('));
  expect(holder?.imports).toEqual([]);
  expect(holder?.code).not.toContain('use client');
});

test('the code is readable and has source maps', async () => {
  const chunks = await chunksOf(IN_MEMORY);
  const panel = chunks.find(({ code }) => code.includes('function TrackingJobsPanel('));
  expect(panel?.map?.sources.some((source) => source.endsWith('panel/TrackingJobsPanel.tsx'))).toBe(true);
  expect(panel?.map?.sourcesContent?.every((text) => text !== null)).toBe(true);
});

test('each entry of package.json has its file', async () => {
  const built = (await chunksOf(IN_MEMORY)).map(({ fileName }) => `./dist/${fileName}`);
  const wanted = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]));
  expect(wanted.length).toBeGreaterThan(3);
  expect([...built, './dist/style.css', './dist/chartStyle.css', './dist/newsStyle.css']).toEqual(
    expect.arrayContaining(wanted),
  );
});
