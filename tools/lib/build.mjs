// Build: `tsc -b` (incremental), then the console when its sources are newer than its bundle.
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bring.mjs';
import { run } from './children.mjs';
import { Refusal, refuse, say, seconds } from './say.mjs';

export const tool = (...parts) => join(root, 'node_modules', ...parts);

/** Runs a JavaScript program of the project on our own Node. */
export const node = (args, options) => run(process.execPath, ['--enable-source-maps', ...args], { cwd: root, ...options });

function newestMs(dir) {
  let newest = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !path.includes('/node_modules/') && !path.includes('/dist/'))
      newest = Math.max(newest, statSync(path).mtimeMs);
  }
  return newest;
}

export function consoleIsStale(dir) {
  const bundle = join(dir, 'dist', 'index.html');
  if (!existsSync(bundle)) return true;
  // The pages of docs are among what it shows.
  const sources = [dir, join(root, 'libs', 'protocol', 'src'), join(root, 'libs', 'kernel', 'src'), join(root, 'docs')];
  return Math.max(...sources.map(newestMs)) > statSync(bundle).mtimeMs;
}

/** For test runs: a build that fails is one failure among the others, and the specs (which run from source) still speak. */
export async function buildCheck() {
  try {
    await build();
    return { passed: 1, failed: 0 };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(`FAILED build: ${error.message}`);
    return { passed: 0, failed: 1 };
  }
}

/** What `yosugara upgrade status` tells two builds apart by; without git there is none. */
async function writeCommit() {
  if (!existsSync(join(root, '.git'))) return;
  const { code, stdout } = await run('git', ['describe', '--always', '--abbrev=12', '--exclude=*', '--dirty=.changed'], {
    cwd: root,
    quiet: true,
  });
  if (code === 0) writeFileSync(join(root, 'libs', 'host-control', 'dist', 'commit'), `${stdout.trim()}\n`);
}

export async function build() {
  const startMs = performance.now();
  const { code } = await node([tool('typescript-native', 'bin', 'tsc'), '-b']);
  if (code !== 0) refuse('the build failed: the compiler’s lines are above');
  const console = join(root, 'apps', 'console');
  if (existsSync(join(console, 'index.html')) && consoleIsStale(console)) {
    say('building the console…');
    const built = await node([tool('vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], { cwd: console });
    if (built.code !== 0) refuse('building the console failed: the lines are above');
  }
  await writeCommit();
  say(`built in ${seconds(startMs)}`);
}
