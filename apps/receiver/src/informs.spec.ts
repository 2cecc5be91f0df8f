import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openJournalReader } from '@yosugara/journal';
import { MERGE_LIMITS } from '@yosugara/operations';
import { MessageFlag, type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import type { MessageToStore } from '@yosugara/runtime';
import { pause, until } from '@yosugara/testkit';
import { expect, it } from 'vitest';
import { ingestInto } from './testing/ingested.js';
import { configFile, type DataNode, twoReceivers } from './testing/two-receivers.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const ENGINE = '0x80001f8804796f73756761726131';
const LOGIN = [
  '-v3',
  '-u',
  'ops',
  '-l',
  'authPriv',
  '-a',
  'SHA-256',
  '-A',
  'auth passphrase',
  '-x',
  'AES',
  '-X',
  'priv passphrase',
];
const WAYS = { v2c: ['-v2c', '-c', 'ops'], v3: [...LOGIN, '-E', ENGINE] } as const;
/** An agent that runs for 100 hours. */
const UP_TIME = '36000000';

const receivers = await twoReceivers({ third: 75 });
const { address, ports, closers, configs, start } = receivers;

function running(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore', env });
  closers.push(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  return child;
}
const receiverProcess = (config: NodeConfig) => running(process.execPath, [MAIN, '--config', configFile(config)]);

/** snmpinform asks every second for two minutes, each in a folder of its own: they write their engine's state there, unlocked. */
function inform(way: keyof typeof WAYS, node: DataNode): ChildProcess {
  const home = join(receivers.dir, `${way}-${node}`);
  mkdirSync(home);
  const env = { PATH: process.env['PATH'], SNMP_PERSISTENT_DIR: home, SNMPCONFPATH: home };
  const to = `${address[node]}:${ports.trap}`;
  return running('snmpinform', ['-m', '', ...WAYS[way], '-r', '120', '-t', '1', to, UP_TIME, '1.3.6.1.6.3.1.1.5.3'], env);
}

/** INFORMs in a node's own journals, with the journal of each. */
async function informsOf({ stateDir }: NodeConfig): Promise<readonly string[]> {
  const reader = openJournalReader(join(stateDir, STATE_LAYOUT.journalOwn));
  const found: string[] = [];
  for (const { journalId, firstSeq } of await reader.journals().catch(() => []))
    for (const record of await reader.read(journalId, firstSeq, Number.MAX_SAFE_INTEGER, 1_000_000).catch(() => []))
      if ((record.flags & MessageFlag.inform) !== 0) found.push(journalId);
  return found;
}

it('an INFORM is one row, though its node is killed before it answers and the other node gets its copy later than the window', async () => {
  const secrets = ['auth', 'priv'].map((name) => {
    const file = join(receivers.dir, name);
    writeFileSync(file, `${name} passphrase\n`, { mode: 0o600 });
    return file;
  });
  const [authSecretFile, privSecretFile] = secrets;
  const config = configs({ traps: { users: [{ name: 'ops', authSecretFile, privSecretFile }] } });
  const first = receiverProcess(config.a);
  const senders = (['v2c', 'v3'] as const).flatMap((way) => (['a', 'b'] as const).map((node) => inform(way, node)));
  // Nobody may answer: the other node is not there.
  await until(async () => (await informsOf(config.a)).length === 2);
  const [before] = await informsOf(config.a);
  first.kill('SIGKILL');
  await once(first, 'exit');
  receiverProcess(config.a);
  await pause(MERGE_LIMITS.windowUs / 1_000 + 500);
  expect(senders.map(({ exitCode }) => exitCode)).toEqual([null, null, null, null]);

  const b = await start(config.b);
  await until(() => senders.every(({ exitCode }) => exitCode !== null), 60_000);
  expect(senders.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
  expect([await informsOf(config.a), (await informsOf(config.b)).length]).toEqual([[before, before], 2]);

  const rows: MessageToStore[] = [];
  const ingest = ingestInto(rows, 'b', config.b, b);
  closers.push(() => ingest.stop());
  await until(() => rows.length >= 2 && b.watermark().clockOffsetUs !== null);
  const seen = rows.map(({ app, structured, seenBy }) => [app, structured?.['snmp']?.['user'] ?? null, seenBy.join(' ')]);
  expect(seen.sort()).toEqual([
    ['1.3.6.1.6.3.1.1.5.3', null, 'a b'],
    ['1.3.6.1.6.3.1.1.5.3', 'ops', 'a b'],
  ]);
});
