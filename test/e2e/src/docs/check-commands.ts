import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAMS } from './known.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const SCRIPTS: ReadonlySet<string> = new Set(
  Object.keys((JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }).scripts),
);
/** Of npm itself. */
const NPM = new Set(['ci', 'install', 'start', 'stop', 'test']);
const AGENT = new Set(['run', 'join', 'status', 'make-request', 'version', 'help']);

/** What is wrong with a command line of `yosugara`; null: nothing. Given by whoever has the program: this file is of the runner, too. */
export type ParseOurs = (args: readonly string[]) => Promise<string | null>;

/** What is wrong with one command of a page; null: nothing. */
export async function wrongWith(words: readonly string[], parseOurs: ParseOurs): Promise<string | null> {
  const [program = '', first = '', second = ''] = words;
  if (program === 'npx') return await wrongWith(words.slice(1), parseOurs);
  if (program === 'yosugara') return await parseOurs(words.slice(1));
  if (program === 'yosugara-agent') return AGENT.has(first) ? null : `yosugara-agent has no verb ${first}`;
  if (program === 'npm') return wrongWithNpm(first, second);
  if (program === 'node') return wrongWithNode(words.slice(1));
  if (['vitest', 'tsc', 'biome', 'depcruise', 'playwright'].includes(program)) return null;
  if (program.startsWith('./') || program.startsWith('$') || program.startsWith('/')) return null;
  if (program === '.' || program === ':' || program === '[') return null;
  return PROGRAMS.has(program) ? null : `no program is known that is called ${program}`;
}

function wrongWithNpm(first: string, second: string): string | null {
  if (first === 'run') return SCRIPTS.has(second) ? null : `package.json has no script ${second}`;
  return NPM.has(first) ? null : `npm has no ${first} here`;
}

/** What is built lies where its source says. */
function wrongWithNode(args: readonly string[]): string | null {
  const file = args.find((arg) => !arg.startsWith('-'));
  if (file === undefined || file.startsWith('/')) return null;
  const source = file.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
  return existsSync(join(ROOT, file)) || existsSync(join(ROOT, source)) ? null : `there is no ${file}`;
}
