import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * Gallery of the panel in every state, and of the charts: `npx vite --config tests/gallery/vite.config.ts`.
 * tests/e2e/browser/test_gallery.py builds the gallery and checks it with axe.
 */
export default defineConfig({
  root: 'tests/gallery',
  cacheDir: '../../node_modules/.vite-gallery',
  plugins: [react()],
  server: { host: '127.0.0.1' },
});
