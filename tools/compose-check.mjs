// `npm run compose-check [-- --no-build] [-- --own-bases] [-- --keep]`: the image of the Dockerfile is built, the composition of docker-compose.yml really started,
// the container of its Master killed and another one frozen, recovered, put down and up again. In a project of its own; it needs a Docker daemon and takes
// minutes, so it is no part of `npm test`. `--own-bases` makes the bases by debootstrap and npm, as root, where no registry of images is reached.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownBases } from './lib/compose-bases.mjs';

const root = join(import.meta.dirname, '..');
const FILE = join(root, 'docker-compose.yml');
const PROJECT = 'yosugara-check';
const FLOATING = '10.77.0.10';
const LINES = 20;
const PATIENCE_MS = 600_000;
const beganMs = performance.now();
const args = process.argv.slice(2);
const UNKNOWN = args.filter((arg) => !['--build', '--no-build', '--own-bases', '--keep'].includes(arg));
const IMAGE = 'yosugara:built-here';

const say = (line) => process.stderr.write(`${((performance.now() - beganMs) / 1000).toFixed(0).padStart(4)} s  ${line}\n`);
function end(line, code) {
  say(line);
  process.exit(code);
}
/** Of the composition; what the caller has set counts. */
let variables = { YOSUGARA_PROFILE: 'tolerant' };
const run = (program, words, deadlineMs = 60_000, more = {}) =>
  spawnSync(program, words, { encoding: 'utf8', timeout: deadlineMs, env: { ...variables, ...process.env }, ...more });

const COMPOSE = [['docker', 'compose'], ['docker-compose']].find(
  ([program, ...words]) => run(program, [...words, 'version']).status === 0,
);
const composing = (words, more) => {
  const [program, ...first] = COMPOSE;
  return run(program, [...first, '-p', PROJECT, '-f', FILE, ...words], 3_600_000, more);
};
function compose(...words) {
  const { status, stdout, stderr } = composing(words);
  if (status !== 0)
    throw new Error(
      `${COMPOSE.join(' ')} ${words.join(' ')} ended with ${status}: ${stderr.trim().split('\n').slice(-5).join(' | ')}`,
    );
  return stdout;
}
/** Whatever the version of compose calls its containers. */
const container = (service) => compose('ps', '-q', service).trim();
function docker(...words) {
  const { status, stdout, stderr } = run('docker', words, 300_000);
  if (status !== 0) throw new Error(`docker ${words.join(' ')} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}
const within = (service, ...words) => run('docker', ['exec', containers[service], ...words], 300_000);
/** As one of them sees it; null: it does not answer. */
function statusIn(service) {
  try {
    return JSON.parse(within(service, 'yosugara', 'status', '--json').stdout);
  } catch {
    return null;
  }
}
async function until(what, isSo) {
  const fromMs = performance.now();
  let seen;
  while (performance.now() - fromMs < PATIENCE_MS) {
    seen = isSo();
    if (seen !== null && seen !== false) {
      say(`${what} (${((performance.now() - fromMs) / 1000).toFixed(1)} s)`);
      return seen;
    }
    await sleep(1_000);
  }
  throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
}
const other = (node) => (node === 'a' ? 'b' : 'a');
const isWhole = (status) =>
  status?.master != null && status.nodes.every(({ syncSet }) => syncSet) && status.ifMasterDied.failsOver;
const whole = (what, by) =>
  until(what, () => {
    const status = statusIn(by);
    return isWhole(status) ? status : null;
  });

let containers = {};
const found = () => (containers = Object.fromEntries(['a', 'b', 'w'].map((service) => [service, container(service)])));
const sent = [];
/** As a device sends that knows the floating address only: what it was not told is sent again by nobody, so it waits until that address answers. */
async function send(what) {
  const texts = Array.from({ length: LINES }, (_, at) => `${what} ${at + 1}`);
  const script = texts
    .map((text) => `logger --server ${FLOATING} --port 5514 --tcp --octet-count --rfc5424 '${text}'`)
    .join(' && ');
  await until(`${LINES} lines sent to ${FLOATING}: ${what}`, () => within('w', 'sh', '-c', script).status === 0);
  sent.push(...texts);
}
/** Those of one moment may have been sent twice by the script above, never lost. */
async function allThere(by) {
  await until(`${sent.length} lines are there`, () => {
    const asked = within(by, 'yosugara', 'messages', '--since', '2h', '--limit', '1000', '--json');
    if (asked.status !== 0) return null;
    const there = new Set(JSON.parse(asked.stdout).rows.map(({ text }) => text));
    return sent.every((text) => there.has(text));
  });
}
async function takenOver(from, how) {
  return await until(`${other(from)} is Master after ${from} was ${how}`, () => statusIn(other(from))?.master === other(from));
}
async function recovered(by) {
  await until('`yosugara recover` is through', () => within(by, 'yosugara', 'recover', '--timeout', '240').status === 0);
  return await whole('both in the sync set', by);
}

/** All services are of one image, so it is built once. Its lines go to the caller: they say what failed. */
function build() {
  if (args.includes('--own-bases')) variables = { ...variables, ...ownBases(say) };
  say(`${COMPOSE.join(' ')} build: minutes`);
  const fromMs = performance.now();
  const { status } = composing(['build', 'init'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`the image was not built: ${COMPOSE.join(' ')} build ended with ${status}`);
  const bytes = Number(docker('image', 'inspect', '--format', '{{.Size}}', IMAGE));
  say(`${IMAGE} built (${((performance.now() - fromMs) / 1000).toFixed(1)} s), ${(bytes / 1e6).toFixed(0)} MB`);
}

async function story() {
  if (!args.includes('--no-build')) build();
  compose('up', '--detach', '--no-build');
  found();
  let { master } = await whole('a Master and a Standby', 'a');
  await send('at the beginning');
  await allThere(master);

  docker('kill', '--signal', 'KILL', containers[master]);
  await takenOver(master, 'killed');
  await send('after the kill');
  docker('start', containers[master]);
  master = other(master);
  await recovered(master);
  await allThere(master);

  docker('pause', containers[master]);
  await takenOver(master, 'frozen');
  await send('while it stood still');
  docker('unpause', containers[master]);
  master = other(master);
  await recovered(master);
  await allThere(master);

  compose('down');
  say('down');
  compose('up', '--detach', '--no-build');
  found();
  ({ master } = await whole('up again: a Master and a Standby', 'a'));
  await allThere(master);
}

if (UNKNOWN.length > 0) end(`unknown: ${UNKNOWN.join(' ')}; there are --build (as ever), --no-build, --own-bases, --keep`, 2);
if (COMPOSE === undefined) end('left out: neither `docker compose` nor `docker-compose` is installed', 2);
const daemon = run('docker', ['info', '--format', '{{.ServerVersion}}']);
if (daemon.status !== 0) end('left out: no Docker daemon answers (docker info says more)', 2);
let code = 0;
try {
  await story();
  say('all of it went well');
} catch (error) {
  code = 1;
  say(`FAILED: ${error.message}`);
  for (const service of ['a', 'b']) say(`${service}: ${within(service, 'yosugara', 'status').stdout}`);
} finally {
  if (!args.includes('--keep')) compose('down', '--volumes');
}
process.exit(code);
