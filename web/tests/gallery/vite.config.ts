import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * `npx vite --config tests/gallery/vite.config.ts`: the panel in every state, for the eye;
 * tests/e2e/browser/test_gallery.py builds it for axe.
 */
export default defineConfig({
  root: 'tests/gallery',
  cacheDir: '../../node_modules/.vite-gallery',
  plugins: [react()],
  server: { host: '127.0.0.1' },
});
