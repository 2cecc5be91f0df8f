// `npm start | stop | test | run build | verify | lint | sim | lab | fuzz | bench`. Starts on Node 20 with nothing installed, brings
// what is missing, says what it does, and fails with one clear line.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  bringDependencies,
  bringPostgres,
  bringSyslogNg,
  bringTestTools,
  bundledNode,
  isRoot,
  nodeIsNewEnough,
  root,
} from './lib/bring.mjs';
import { become } from './lib/children.mjs';
import { Refusal, refuse, say, seconds } from './lib/say.mjs';

const beganMs = performance.now();
const [verb = '', ...args] = process.argv.slice(2);

const VERBS = { start, stop, build, test, verify, lint, ci, sim, lab, fuzz, bench, docs, package: debs };

/** Modules that need the dependencies are loaded after they are there. */
const load = {
  build: () => import('./lib/build.mjs'),
  suites: () => import('./lib/suites.mjs'),
  checks: () => import('./lib/checks.mjs'),
  package: () => import('./lib/package.mjs'),
};

async function start() {
  await built();
  const postgresBin = await bringPostgres();
  say(`everything needed is here after ${seconds(beganMs)}; starting the cluster`);
  const env = { ...process.env, YOSUGARA_POSTGRES_BIN: postgresBin };
  return become(process.execPath, ['--enable-source-maps', `${root}/apps/cli/dist/local/main.js`, 'start', ...args], env);
}

async function stop() {
  const main = `${root}/apps/cli/dist/local/main.js`;
  if (!existsSync(main)) {
    say('nothing was built here, so nothing runs');
    return 0;
  }
  return become(process.execPath, [main, 'stop', ...args]);
}

async function built() {
  const { build } = await load.build();
  await build();
}

async function build() {
  await built();
  return 0;
}

async function test() {
  const { buildCheck } = await load.build();
  const checks = [await buildCheck()];
  await bringPostgres();
  const { runTests } = await load.suites();
  return runTests(args, checks);
}

async function lint() {
  const { lintChecks } = await load.checks();
  const checks = await lintChecks();
  return checks.every((check) => check.failed === 0) ? 0 : 1;
}

/** Types, lint, specs. */
async function verify() {
  const checks = await checkWhileBringing();
  const { vitest, finish } = await load.suites();
  return finish([...checks, await vitest(args)]);
}

/** What continuous integration runs: verify's checks, then all of `npm test`. */
async function ci() {
  const checks = await checkWhileBringing();
  const { buildCheck } = await load.build();
  checks.push(await buildCheck());
  const { runTests } = await load.suites();
  return runTests([], checks);
}

/** What the tests need comes over the network while the compiler computes. */
async function checkWhileBringing() {
  const { typeAndLintChecks } = await load.checks();
  const bring = async () => {
    await bringPostgres();
    await bringTestTools('specs');
  };
  const [checks] = await Promise.all([typeAndLintChecks(), bring()]);
  return checks;
}

/** A suite that is a program of its own, with the arguments as given. */
async function suite(name) {
  await built();
  const { mainOf } = await load.suites();
  if (!existsSync(mainOf(name))) refuse(`test/${name} has no program yet`);
  return become(process.execPath, ['--enable-source-maps', mainOf(name), ...args]);
}

async function sim() {
  return suite('sim');
}

async function lab() {
  if (!args.includes('--list')) {
    if (!isRoot) refuse('the lab makes network namespaces, and that needs root');
    await bringPostgres();
    const why = await bringTestTools('lab');
    if (why !== undefined) refuse(`the lab cannot run here: ${why}`);
    if (args.some((arg) => ['senders', '--all'].includes(arg) || arg.startsWith('IN1'))) {
      const none = await bringSyslogNg();
      if (none !== undefined) refuse(`the lab’s senders cannot run here: ${none}`);
    }
  }
  return suite('lab');
}

/** Debian packages. */
async function debs() {
  await built();
  const { buildPackages } = await load.package();
  return buildPackages(args);
}

/** The command blocks of the pages that say that they can be run, on a local cluster. */
async function docs() {
  await built();
  await bringPostgres();
  return become(process.execPath, ['--enable-source-maps', `${root}/test/e2e/dist/docs-main.js`, ...args]);
}

async function fuzz() {
  return suite('fuzz');
}

async function bench() {
  if (!args.includes('--list')) {
    await bringPostgres();
    const why = await bringTestTools('bench');
    if (why !== undefined) say(`some peers cannot be measured here: ${why}`);
  }
  return suite('bench');
}

async function main() {
  const run = VERBS[verb] ?? refuse(`unknown verb ${JSON.stringify(verb)}: one of ${Object.keys(VERBS).join(', ')}`);
  if (process.platform !== 'linux') refuse(`Yosugara runs on Linux; this is ${process.platform}`);
  if (verb !== 'stop') await bringDependencies();
  if (nodeIsNewEnough()) return run();
  const newer =
    bundledNode() ?? refuse(`Node ${process.versions.node} is too old and none is bundled for ${process.arch}: install Node 24`);
  return become(newer, [fileURLToPath(import.meta.url), verb, ...args]);
}

main().then(
  (code) => process.exit(code),
  (error) => {
    const line = error instanceof Refusal ? error.message : (error?.stack ?? String(error));
    process.stderr.write(`yosugara: ${line}\n`);
    process.exit(1);
  },
);
