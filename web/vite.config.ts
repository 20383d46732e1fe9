import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Entries of the package (`exports` in package.json). Only `index`, `panel`, `charts` and `newsPanel` need React. */
const ENTRIES = {
  index: 'src/index.ts',
  panel: 'src/panelEntry.ts',
  charts: 'src/chartsEntry.ts',
  newsPanel: 'src/newsPanelEntry.ts',
  de: 'src/deEntry.ts',
  service: 'src/service.ts',
  history: 'src/historyEntry.ts',
  news: 'src/newsEntry.ts',
  username: 'src/usernameEntry.ts',
};
/** Styles are entries of their own: an import in a component would stay in the type declarations. */
const STYLE = { style: 'src/panel/panel.css' };
const STYLES = { ...STYLE, chartStyle: 'src/charts/charts.css', newsStyle: 'src/news/news.css' };

/**
 * Build of the package. Peer dependencies are not bundled. `--mode page` builds all of it as a page's bundler ships it,
 * in one minified file, to measure its size.
 */
export default defineConfig(({ mode }) => ({
  plugins: [react()],
  build: {
    lib: { entry: mode === 'page' ? { page: ENTRIES.index, ...STYLE } : { ...ENTRIES, ...STYLES }, formats: ['es'] },
    cssCodeSplit: true,
    minify: mode === 'page' && 'oxc', // the host's bundler minifies; until then people can read and debug the code
    cssMinify: true, // a page without a bundler links the style as it is
    sourcemap: mode !== 'page',
    rollupOptions: {
      external: [/^react($|\/)/, /^react-dom($|\/)/, /^firebase($|\/)/],
      output: {
        chunkFileNames: 'chunks/[name].js',
        minifyInternalExports: false,
        // The functions of `charts` also run on servers, so they have a file without the mark below. Priority keeps
        // what both need out of the marked file.
        codeSplitting: {
          groups: [
            { name: 'chartFunctions', test: /src\/charts\/\w+\.ts$/, priority: 1 },
            { name: 'chartViews', test: /src\/charts\/\w+\.tsx$/ },
          ],
        },
        // A server component may import the panel (Next). `index` and `charts` have no mark: they also have things for servers.
        banner: ({ moduleIds }) => (moduleIds.some((id) => id.endsWith('.tsx')) ? "'use client';" : ''),
      },
    },
  },
  test: {
    projects: [
      {
        extends: true,
        // The files of a worker share its document and its modules: to make them anew takes most of the time.
        test: { name: 'unit', include: ['tests/unit/**/*.test.{ts,tsx}'], environment: 'happy-dom', isolate: false },
      },
      {
        extends: true,
        // These replace modules of Firebase, so each file has modules of its own.
        test: { name: 'mocked', include: ['tests/mocked/**/*.test.ts'], environment: 'node' },
      },
      ...['rules', 'mutation', 'emulator'].map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`tests/${name}/**/*.test.ts`],
          globalSetup: 'tests/rules/emulatorSetup.ts',
          environment: 'node' as const,
          hookTimeout: 60_000, // the emulator is new, and other tests run beside these
        },
      })),
    ],
  },
}));
