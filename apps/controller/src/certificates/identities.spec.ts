import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeId, SILENT_LOG } from '@yosugara/kernel';
import { CERTIFICATE_FILES, revocationsOf, revokedMembers } from '@yosugara/protocol';
import { freePort } from '@yosugara/testkit';
import { createMailbox, generateIdentity, type MemberMailbox } from '@yosugara/transport';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../config.js';
import { openMailbox } from '../parts.js';
import { followIdentities } from './identities.js';
import { CertificateKeeper } from './keeper.js';
import { MAKER_HERE } from './maker-here.js';

const SOON = { timeout: 60_000, interval: 50 };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The arbiter's controller, as far as it knows of identities; `b` was revoked by the one that it has there. */
async function arbiter() {
  const stateDir = mkdtempSync(join(tmpdir(), 'yosugara-identities-'));
  closers.push(() => rmSync(stateDir, { recursive: true, force: true }));
  const [own, old] = [generateIdentity(), generateIdentity()];
  const port = await freePort();
  const member = (id: string, kind: string, at: number, peerId: string) => ({ id, kind, address: `127.0.66.${at}`, peerId });
  const members = [
    member('a', 'data', 1, generateIdentity().peerId),
    member('b', 'data', 2, old.peerId),
    member('w', 'witness', 3, own.peerId),
  ];
  const file = join(stateDir, 'yosugara.yaml');
  // JSON is YAML.
  const write = (changed: Record<string, string>) =>
    writeFileSync(
      file,
      JSON.stringify({
        cluster: { id: 'spec', members: members.map((each) => ({ ...each, peerId: changed[each.id] ?? each.peerId })) },
        ...{ node: 'w', stateDir, ports: { cluster: port } },
      }),
    );
  write({});
  mkdirSync(join(stateDir, 'secrets'));
  writeFileSync(join(stateDir, 'secrets/identity.seed'), own.seedBase64);
  const revoked = [{ node: 'b', peerId: old.peerId, at: '2026-01-01T00:00:00.000Z', by: 'spec' }];
  writeFileSync(join(stateDir, CERTIFICATE_FILES.revoked), JSON.stringify(revoked));
  const config = loadConfig(file);
  const mailbox = openMailbox(config, SILENT_LOG);
  const outs: (readonly string[])[] = [];
  const keeper = new CertificateKeeper({
    ...{ config, mailbox, maker: MAKER_HERE, log: SILENT_LOG, wallMs: () => Date.now(), agents: () => null },
    onChange: async (_, out) => void outs.push([...out]),
  });
  await keeper.start();
  const look = followIdentities({ config, file, mailbox, log: SILENT_LOG, onChange: () => keeper.identitiesChanged() });
  await mailbox.start();
  closers.push(() => mailbox.stop());
  return { config, file, write, look, mailbox, outs, old, own, port };
}

async function b(seedBase64: string, port: number, peerIdOfW: string): Promise<MemberMailbox> {
  const listen = { address: '127.0.66.2', port };
  const peers = [{ id: nodeId('w'), address: '127.0.66.3', port, peerId: peerIdOfW }];
  const privateKey = Buffer.from(seedBase64, 'base64');
  const mailbox = createMailbox({ self: nodeId('b'), clusterId: 'spec', listen, privateKey, peers });
  mailbox.onAsk(async () => Buffer.from('here'));
  await mailbox.start();
  closers.push(() => mailbox.stop());
  return mailbox;
}

describe('a controller whose configuration has another identity for a revoked name', () => {
  it('lets the successor in while it runs, and takes nothing of a file that is half written', async () => {
    const w = await arbiter();
    const fresh = generateIdentity();
    const successor = await b(fresh.seedBase64, w.port, w.own.peerId);
    const ask = async () => (await w.mailbox.ask(nodeId('b'), Buffer.from('?'), 5_000)).toString();
    const outNow = () => revokedMembers(w.config.cluster.members, revocationsOf(revokedText(w.config.stateDir)));
    await w.look();
    await expect(ask()).rejects.toMatchObject({ code: 'MEMBER_SILENT' });
    writeFileSync(w.file, readFileSync(w.file, 'utf8').replace(w.old.peerId, fresh.peerId).slice(0, -20));
    await w.look();
    expect([outNow(), w.outs]).toEqual([new Set(['b']), []]);

    // Its own identity is that of the key which it holds.
    w.write({ b: fresh.peerId, w: generateIdentity().peerId });
    await w.look();
    expect([outNow(), w.outs]).toEqual([new Set(), [[]]]);
    expect(w.config.cluster.members.find(({ id }) => id === 'w')?.peerId).toBe(w.own.peerId);
    await vi.waitFor(async () => expect(await ask()).toBe('here'), SOON);
    const asked = async () => (await successor.ask(nodeId('w'), Buffer.from('{"ask":"state"}'), 5_000)).toString();
    await vi.waitFor(async () => expect(await asked()).toContain('"member":"w"'), SOON);
    await w.look();
    expect(w.outs).toHaveLength(1);
  });
});

const revokedText = (stateDir: string) => readFileSync(join(stateDir, CERTIFICATE_FILES.revoked), 'utf8');
