import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/**
 * `make dev`: hot reload against a running stack, whose page (STACK_PAGE) knows where its parts listen. Kicks and days
 * that pass go through this server, since the stack lets its own page alone ask for them from a browser.
 */
function runningStack(page: string): Plugin {
  return {
    name: 'running-stack',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use('/config.json', async (_request, response, next) => {
        try {
          const known = await (await fetch(`${page}/config.json`)).json();
          response.setHeader('Content-Type', 'application/json');
          response.end(JSON.stringify({ ...known, triggerUrl: '/trigger', newsUrl: known.newsUrl && '/news' }));
        } catch (cause) {
          next(cause);
        }
      });
    },
    // It forbids the inline scripts and styles, and the socket, by which modules are replaced.
    transformIndexHtml: (html) => html.replace(/<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, ''),
  };
}

const { STACK_PAGE: page = '', STACK_TRIGGER: trigger = '' } = process.env;
const api = trigger.replace(/\/trigger$/, '');

/** Build of the demo page. Addresses are relative, since the local stack serves it under any path. */
export default defineConfig({
  root: 'demo',
  base: './',
  plugins: [react(), ...(page ? [runningStack(page)] : [])],
  server: {
    host: '127.0.0.1',
    proxy: {
      ...(trigger && {
        '/trigger': { target: trigger, ignorePath: true, changeOrigin: true, headers: { origin: page } },
      }),
      ...(api && {
        '/news': {
          target: api,
          rewrite: (path: string) => path.slice(5),
          changeOrigin: true,
          headers: { origin: page },
        },
      }),
      ...(page && { '/day': { target: page, changeOrigin: true, headers: { origin: page } } }),
    },
  },
  build: {
    outDir: '../dist-demo',
    emptyOutDir: true,
    chunkSizeWarningLimit: 600, // for Firebase
    // A browser keeps these after a change of the page itself. They come at the same time, not one after another.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'firebase', test: /node_modules[\\/]@?firebase/ },
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
          ],
        },
      },
    },
  },
});
