import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../testing/testbed.js';
import { hiddenIn, processFact } from './processes.js';

const FOLDER = '/var/lib/somewhere/data';
const POSTGRES = '/usr/lib/postgresql/15/bin/postgres';
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process whose words are these, wherever it works. */
async function called(...words: string[]): Promise<number> {
  const [name, ...args] = words;
  const child = spawn('bash', ['-c', 'read -r', ...args], { argv0: name!, stdio: ['pipe', 'ignore', 'ignore'] });
  children.push(child);
  await eventually('it runs', () => processFact(child.pid!)?.state === 'S');
  return child.pid!;
}

it('a server of this folder is told by its words, not one of another folder, and no reader', async () => {
  const ours = [
    await called(POSTGRES, '-D', `${FOLDER}/pgdata`),
    await called('/usr/lib/postgresql/15/bin/pg_rewind', `--target-pgdata=${FOLDER}/pgdata`),
    await called('initdb', `-D${FOLDER}/pgdata.new`),
  ];
  const others = [
    await called(POSTGRES, '-D', `${FOLDER}-of-others/pgdata`),
    await called(POSTGRES, '-C', 'archive_mode', '-D', `${FOLDER}/pgdata`),
    await called('/usr/lib/postgresql/15/bin/pg_controldata', '-D', `${FOLDER}/pgdata`),
    await called('node', 'volume-main.js', FOLDER),
  ];
  expect(hiddenIn(FOLDER, [...ours, ...others]).sort()).toEqual([...ours].sort());
});

it('a session whose server is gone may be anybody’s, and counts', async () => {
  const session = await called('postgres: yosugara_b: role database');
  expect(hiddenIn(FOLDER, [session])).toEqual([session]);
  // Its parent is among them, and of another folder.
  const spec = process.pid;
  expect(hiddenIn(FOLDER, [session, spec])).toEqual([]);
});

it('what has ended counts no more', async () => {
  const pid = await called(POSTGRES, '-D', FOLDER);
  children[0]!.kill('SIGKILL');
  await eventually('gone', () => processFact(pid) === null);
  expect(hiddenIn(FOLDER, [pid])).toEqual([]);
});
