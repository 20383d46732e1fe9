import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * Gallery of the panel in every state, of the charts, and of the demo page's lists: `npx vite --config tests/gallery/vite.config.ts`.
 * tests/e2e/browser/test_gallery.py builds the gallery and checks it with axe.
 */
export default defineConfig({
  root: 'tests/gallery',
  cacheDir: '../../node_modules/.vite-gallery',
  plugins: [react()],
  server: { host: '127.0.0.1' },
  build: { target: 'es2022' }, // for `await` outside of functions
});
