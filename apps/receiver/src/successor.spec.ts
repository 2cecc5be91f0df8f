import { createSocket } from 'node:dgram';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SILENT_LOG } from '@yosugara/kernel';
import { CERTIFICATE_FILES, type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { until } from '@yosugara/testkit';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './index.js';
import { configFile, newest, twoReceivers } from './testing/two-receivers.js';

const { address, ports, configs, start, closers } = await twoReceivers({ third: 73 });

const send = async (to: string, text: string) => {
  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  await new Promise((resolve) => socket.send(text, ports.syslog, to, resolve));
};

/** As a controller writes it that was told: the name and the identity that it had. */
const revoke = (at: NodeConfig, node: string, peerId: string) =>
  writeFileSync(
    join(at.stateDir, CERTIFICATE_FILES.revoked),
    JSON.stringify([{ node, peerId, at: '2026-01-01T00:00:00.000Z', by: 'spec' }]),
  );

/** Another identity for the same name, as an operator writes it. */
const rename = (at: NodeConfig, from: string, to: string) =>
  writeFileSync(configFile(at), readFileSync(configFile(at), 'utf8').replace(`"peerId":"${from}"`, `"peerId":"${to}"`));

describe('a receiver whose peer was revoked', () => {
  it('takes up the identity of its successor from the configuration, without a restart: both copy to each other again', async () => {
    const said: string[] = [];
    const log = { ...SILENT_LOG, info: (event: string) => said.push(event), warn: (event: string) => said.push(event) };
    const config = configs();
    const a = await start(config.a, log);
    const first = await start(config.b);
    await until(() => a.watermark().peerLink === 'up' && first.watermark().peerLink === 'up');
    revoke(config.a, 'b', 'b');
    await until(() => a.watermark().peerLink === 'down' && first.watermark().peerLink === 'down');

    // Made anew: nothing of the old one is left but its name and its address.
    await first.stop();
    said.splice(0);
    rmSync(join(config.b.stateDir, STATE_LAYOUT.journalOwn), { recursive: true });
    rename(config.b, 'b', 'b-anew');
    const successor = await start(loadConfig(configFile(config.b)));
    await until(() => said.includes('copy.refused'));
    expect(successor.watermark().peerLink).not.toBe('up');

    // What an editor leaves half written changes nothing.
    const whole = readFileSync(configFile(config.a), 'utf8');
    writeFileSync(configFile(config.a), whole.slice(0, whole.length / 2));
    await until(() => said.includes('config.kept'));
    expect(a.watermark().peerLink).toBe('down');
    writeFileSync(configFile(config.a), whole);
    rename(config.a, 'b', 'b-anew');
    await until(() => a.watermark().peerLink === 'up' && successor.watermark().peerLink === 'up');
    expect(said).toContain('copy.peerSucceeded');

    await send(address.a, '<13>to the one that stayed');
    await send(address.b, '<13>to the successor');
    await until(() => newest(a.watermark(), 'own')?.bothSeq === 1 && newest(successor.watermark(), 'own')?.bothSeq === 1);

    // That one is revoked in its turn by the identity that it has now.
    revoke(config.a, 'b', 'b-anew');
    await until(() => a.watermark().peerLink === 'down');
  });
});
