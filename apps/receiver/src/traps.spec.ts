import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SILENT_LOG } from '@yosugara/kernel';
import { parseTrap } from '@yosugara/operations';
import type { ReceivedRecord } from '@yosugara/runtime';
import { expect, it } from 'vitest';
import { twoReceivers } from './testing/two-receivers.js';
import { openTraps } from './traps.js';

const receivers = await twoReceivers({ third: 79 });
const { closers, configs } = receivers;

it('a node takes its users’ INFORMs, keeps its engine over restarts, and shows a sample of what it refused', async () => {
  const secret = join(receivers.dir, 'secret');
  writeFileSync(secret, 'long enough\n', { mode: 0o600 });
  const { a: config } = configs({ traps: { users: [{ name: 'ann', authSecretFile: secret, privSecretFile: secret }] } });
  const dir = config.stateDir;
  const socket = createSocket('udp4');
  closers.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const inform = async (passphrase: string) => {
    const login = ['-v3', '-l', 'authPriv', '-u', 'ann', '-a', 'SHA-256', '-A', passphrase, '-x', 'AES', '-X', passphrase];
    const args = ['-m', '', ...login, '-r', '0', '-t', '60', `127.0.0.1:${socket.address().port}`, '1', '1.3.6.1.6.3.1.1.5.3'];
    const env = { PATH: process.env['PATH'], SNMP_PERSISTENT_DIR: dir, SNMPCONFPATH: dir };
    return await new Promise<boolean>((resolve) => execFile('snmpinform', args, { env }, (error) => resolve(error === null)));
  };

  const engineFile = () => JSON.parse(readFileSync(join(dir, 'snmp/engine.json'), 'utf8')) as { engineId: string; boots: number };
  const kept: ReceivedRecord[] = [];
  const started = async () => {
    const traps = await openTraps(config, SILENT_LOG, {
      ...{ intake: (record) => kept.push(record) > 0, lastSeq: () => kept.length, safeSeq: () => kept.length },
    });
    socket.removeAllListeners('message');
    socket.on('message', (raw, source) => {
      const record: ReceivedRecord = {
        ...{ receivedAtUs: Date.now() * 1_000, monotonicMs: 0, kind: 'trap', transport: 'udp', flags: 0, raw, source },
        listener: { kind: 'own', address: '127.0.0.1' },
      };
      traps.intake.take(record, (answer) => socket.send(answer, source.port, source.address));
    });
    return traps;
  };
  const first = await started();
  const told: string[] = [];
  first.onRefused((address, reason) => told.push(`${address} ${reason}`));
  expect(await inform('long enough')).toBe(true);
  expect(await inform('another one')).toBe(false);
  first.stop();
  const before = engineFile();

  const second = await started();
  closers.push(() => second.stop());
  expect(await inform('long enough')).toBe(true);
  expect(engineFile()).toEqual({ engineId: before.engineId, boots: before.boots + 1 });
  expect(kept.map((record) => parseTrap(record.raw).structured?.['snmp']?.['user'])).toEqual(['ann', 'ann']);
  expect([told, first.intake.refusedTotal]).toEqual([['127.0.0.1 wrong_digest'], 1]);
  const samples = readFileSync(join(dir, 'snmp/refused.jsonl'), 'utf8').trim().split('\n');
  expect(samples.map((line) => (JSON.parse(line) as { reason: string }).reason)).toEqual(['wrong_digest']);
  expect(existsSync(join(dir, 'snmp/counters.json'))).toBe(true);
});
