import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const WORKSPACE = new URL('../../../..', import.meta.url).pathname;
const CONSOLE = join(WORKSPACE, 'apps/console');

export interface BuiltConsole {
  readonly folder: string;
  readonly remove: () => void;
}

/** The console as its sources are now: what the last build left where that is still so, else a build of one's own. */
export async function builtConsole(): Promise<BuiltConsole> {
  const given = process.env['CONSOLE_DIST'] ?? (await lastBuild());
  if (given !== null) return { folder: given, remove: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), 'yosugara-console-'));
  const vite = join(WORKSPACE, 'node_modules/vite/bin/vite.js');
  await promisify(execFile)(process.execPath, [vite, 'build', '--outDir', folder, '--logLevel', 'error'], {
    cwd: CONSOLE,
    timeout: 300_000,
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function lastBuild(): Promise<string | null> {
  const { consoleIsStale } = (await import(join(WORKSPACE, 'tools/lib/build.mjs'))) as {
    consoleIsStale: (dir: string) => boolean;
  };
  return consoleIsStale(CONSOLE) ? null : join(CONSOLE, 'dist');
}
