#!/usr/bin/env node
// Finds a Node that is new enough and the built program. Must run on Node 20.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const program = join(here, '..', 'dist', 'index.js');
const [major, minor] = process.versions.node.split('.').map(Number);

function fail(line) {
  process.stderr.write(`yosugara-agent: ${line}\n`);
  process.exit(1);
}

if (!existsSync(program)) fail('not built yet: run `npm run build` first');
if (major > 22 || (major === 22 && minor >= 12)) {
  // An agent waits most of its time: memory counts for more than speed. The flags are for the engine's start, so the process begins once more.
  const flags = ['--lite-mode', '--max-semi-space-size=1'];
  if (process.argv[2] === 'run' && process.execve !== undefined && process.execArgv.length === 0) {
    process.removeAllListeners('warning');
    const words = [process.execPath, ...flags, '--disable-warning=ExperimentalWarning', ...process.argv.slice(1)];
    process.execve(process.execPath, words, { MALLOC_ARENA_MAX: '2', ...process.env });
  }
  const { main } = await import(program);
  process.exit(await main(process.argv.slice(2)));
}
const bundled = join(here, '..', '..', '..', 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
if (!existsSync(bundled)) fail(`Node ${process.versions.node} is too old and none is bundled: install Node 24`);
const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
// From a terminal, Ctrl-C reaches the child by itself.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(name, () => (name === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(name)));
child.once('error', (error) => fail(`cannot start ${bundled}: ${error.message}`));
child.once('exit', (code) => process.exit(code ?? 130));
