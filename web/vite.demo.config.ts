import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The demo page, served by the local stack beside its `config.json`: addresses are relative, from any path. */
export default defineConfig({
  root: 'demo',
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist-demo',
    emptyOutDir: true,
    chunkSizeWarningLimit: 900, // Firebase and React are in it
  },
});
