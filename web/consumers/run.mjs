/**
 * Tries the packed package in apps of strangers.
 *
 *     node consumers/run.mjs types          the package's form, and types in strict TypeScript; some seconds
 *     node consumers/run.mjs apps [NAME]    apps with other versions of React, Firebase and Next (apps.json); minutes
 *
 * Each app is copied to `.local/consumers`, where npm installs the package's tarball beside the app's own versions. The
 * app's script `check` type-checks, builds and runs it. `dist` must be built before.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../', import.meta.url));
const WORK = fileURLToPath(new URL('../../.local/consumers/', import.meta.url));
const TOOLS = `${WEB}node_modules/.bin/`;
/** Packages of ours that the types are checked with. They have other packages beside them, so the folder is linked. */
const PEERS = ['@firebase', '@types', 'csstype', 'firebase', 'react', 'react-dom'];

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

function checkTypes() {
  const tarball = pack();
  run(`${TOOLS}publint`, ['run', tarball, '--strict'], WEB);
  run(`${TOOLS}attw`, [tarball, '--profile', 'esm-only', '--no-color', '--no-emoji', '--format', 'ascii'], WEB);
  const folder = copy('types', 'types');
  const installed = `${folder}node_modules/account-tracking/`;
  mkdirSync(installed, { recursive: true });
  run('tar', ['--extract', '--gzip', '--strip-components=1', '--file', tarball, '--directory', installed], WEB);
  for (const peer of PEERS) {
    symlinkSync(`${WEB}node_modules/${peer}`, `${folder}node_modules/${peer}`);
  }
  for (const resolution of ['bundler', 'nodenext']) {
    console.log(`types, moduleResolution ${resolution}`);
    run(`${TOOLS}tsc`, ['--project', `tsconfig.${resolution}.json`], folder);
  }
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
} else if (what === 'apps') {
  checkApps(name);
} else {
  throw new Error('Say what to check: types, or apps.');
}
