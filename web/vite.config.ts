import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** The package: two entries, so that a page without React takes the service alone; peers stay outside. */
export default defineConfig({
  plugins: [react()],
  build: {
    lib: {
      // The style is an entry of its own: imported by a component, it would stay in the type declarations.
      entry: { index: 'src/index.ts', service: 'src/service.ts', style: 'src/panel/panel.css' },
      formats: ['es'],
    },
    cssCodeSplit: true,
    rollupOptions: { external: [/^react($|\/)/, /^react-dom($|\/)/, /^firebase($|\/)/] },
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['tests/unit/**/*.test.{ts,tsx}'], environment: 'happy-dom' },
      },
      {
        extends: true,
        // One emulator and one set of rules: files take turns.
        test: {
          name: 'rules',
          include: ['tests/rules/**/*.test.ts'],
          hookTimeout: 60_000, // an emulator that has just started answers slowly
          globalSetup: 'tests/rules/emulatorSetup.ts',
          environment: 'node',
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'mutation',
          include: ['tests/mutation/**/*.test.ts'],
          globalSetup: 'tests/rules/emulatorSetup.ts',
          environment: 'node',
        },
      },
      {
        extends: true,
        test: {
          name: 'emulator',
          include: ['tests/emulator/**/*.test.ts'],
          globalSetup: 'tests/rules/emulatorSetup.ts',
          environment: 'node',
          hookTimeout: 60_000, // an emulator that has just started answers slowly
          fileParallelism: false,
        },
      },
    ],
  },
});
