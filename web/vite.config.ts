import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Build of the package: an entry with and one without React; peer dependencies are not bundled. */
export default defineConfig({
  plugins: [react()],
  build: {
    lib: {
      // The style is an entry of its own: an import in a component would stay in the type declarations.
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
});
