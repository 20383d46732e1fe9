/**
 * Tries the packed package in apps of strangers. `dist` must be built before.
 *
 *     node consumers/run.mjs types          the package's form, and types in strict TypeScript; some seconds
 *     node consumers/run.mjs example        builds examples/react into .local/consumers/linked/example/dist; some seconds
 *     node consumers/run.mjs apps [NAME]    apps with other versions of React, Firebase and Next (apps.json); minutes
 *
 * Each app is copied to `.local/consumers`. `apps` lets npm install the package's tarball beside the app's own versions,
 * and runs the app's script `check`, which type-checks, builds and runs it. The others use the tools and peers of
 * `web/node_modules`, and need no registry.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../', import.meta.url));
const WORK = fileURLToPath(new URL('../../.local/consumers/', import.meta.url));
const TOOLS = `${WEB}node_modules/.bin/`;
function run(command, args, folder) {
  execFileSync(command, args, { cwd: folder, stdio: 'inherit', env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } });
}

/** Pack `dist`, and return the tarball's path. */
function pack() {
  mkdirSync(WORK, { recursive: true });
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', WORK];
  return WORK + execFileSync('npm', args, { cwd: WEB, encoding: 'utf8' }).trim();
}

/** Copy an app of this folder to a new folder, and return that folder. */
function copy(app, name) {
  const folder = `${WORK}${name}/`;
  rmSync(folder, { recursive: true, force: true });
  cpSync(`${WEB}consumers/${app}`, folder, { recursive: true });
  return folder;
}

/** Copy an app, and unpack the tarball for it. All other packages it finds in the folder above: they are ours. */
function link(app, name, tarball) {
  const folder = copy(app, `linked/${name}`);
  const installed = `${folder}node_modules/account-tracking/`;
  mkdirSync(installed, { recursive: true });
  run('tar', ['--extract', '--gzip', '--strip-components=1', '--file', tarball, '--directory', installed], WEB);
  rmSync(`${WORK}linked/node_modules`, { force: true });
  symlinkSync(`${WEB}node_modules`, `${WORK}linked/node_modules`);
  return folder;
}

function checkTypes() {
  const tarball = pack();
  run(`${TOOLS}publint`, ['run', tarball, '--strict'], WEB);
  run(`${TOOLS}attw`, [tarball, '--profile', 'esm-only', '--no-color', '--no-emoji', '--format', 'ascii'], WEB);
  const folder = link('types', 'types', tarball);
  for (const resolution of ['bundler', 'nodenext']) {
    console.log(`types, moduleResolution ${resolution}`);
    run(`${TOOLS}tsc`, ['--project', `tsconfig.${resolution}.json`], folder);
  }
}

function buildExample() {
  const folder = link('../examples/react', 'example', pack());
  run(`${TOOLS}tsc`, ['--noEmit'], folder);
  run(`${TOOLS}vite`, ['build', '--logLevel', 'warn', '--base', './'], folder);
}

function checkApps(wanted) {
  const apps = JSON.parse(readFileSync(new URL('apps.json', import.meta.url), 'utf8'));
  const chosen = apps.filter(({ name }) => wanted === undefined || name === wanted);
  if (chosen.length === 0) {
    throw new Error(`apps.json has no app ${wanted}.`);
  }
  const tarball = pack();
  for (const { name, app, packages } of chosen) {
    console.log(
      `\n${name}: ${Object.entries(packages)
        .map(([one, version]) => `${one} ${version}`)
        .join(', ')}`,
    );
    const folder = copy(app, name);
    const manifest = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'));
    manifest.dependencies = { ...manifest.dependencies, ...packages, 'account-tracking': `file:${tarball}` };
    writeFileSync(`${folder}package.json`, JSON.stringify(manifest, null, 2));
    // Strict: a version that our peer ranges refuse fails, and is not just warned of.
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    run('npm', ['install', '--strict-peer-deps', ...quiet], folder);
    run('npm', ['run', '--silent', 'check'], folder);
  }
}

const [what, name] = process.argv.slice(2);
if (what === 'types') {
  checkTypes();
} else if (what === 'example') {
  buildExample();
} else if (what === 'apps') {
  checkApps(name);
} else {
  throw new Error('Say what to check: types, example or apps.');
}
