import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { NodeConfigSchema } from '@yosugara/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { initCluster, parseMember, parsePort, peerIdOfSeed } from './index.js';

const PLAN = {
  clusterId: 'test',
  members: [
    parseMember('a=127.0.1.1,zone=z1', 'data'),
    parseMember('b=127.0.1.2,zone=z2', 'data'),
    parseMember('w=127.0.1.3', 'witness'),
  ],
  vip: { address: '127.0.1.10', driver: 'bind' as const, prefixLength: 32 },
};

describe('init', () => {
  let dir = '';
  const file = (...parts: string[]) => readFile(join(dir, ...parts), 'utf8');
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'yosugara-init-'));
    await initCluster(dir, PLAN);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('writes a valid configuration a node, with the same cluster in each', async () => {
    const configs = await Promise.all(
      ['a', 'b', 'w'].map(async (node) => NodeConfigSchema.parse(parse(await file(node, 'yosugara.yaml')))),
    );
    expect(configs.map((config) => config.node)).toEqual(['a', 'b', 'w']);
    expect(configs[1]?.cluster).toEqual(configs[0]?.cluster);
    expect(configs[2]?.cluster).toEqual(configs[0]?.cluster);
    expect(configs[0]?.stateDir).toBe(join(dir, 'a'));
  });

  it('gives each member the peer id of its own seed', async () => {
    const { cluster } = NodeConfigSchema.parse(parse(await file('a', 'yosugara.yaml')));
    for (const member of cluster.members)
      expect(member.peerId).toBe(peerIdOfSeed(Buffer.from(await file(member.id, 'secrets', 'identity.seed'), 'base64')));
  });

  it('keeps secrets readable for their owner only, and gives the authority’s key to those who renew certificates', async () => {
    for (const node of ['a', 'b', 'w']) {
      const names = await readdir(join(dir, node, 'secrets'));
      expect(names.includes('ca.key'), node).toBe(node !== 'w');
      expect((await stat(join(dir, node, 'secrets'))).mode & 0o777).toBe(0o700);
      for (const name of names) expect((await stat(join(dir, node, 'secrets', name))).mode & 0o777, name).toBe(0o600);
    }
    expect((await stat(join(dir, 'ca', 'ca.key'))).mode & 0o777).toBe(0o600);
  });

  it('gives both data nodes the same passwords and the witness none', async () => {
    expect(await file('a', 'secrets', 'pg-superuser')).toBe(await file('b', 'secrets', 'pg-superuser'));
    expect(await file('a', 'secrets', 'session.key')).toBe(await file('b', 'secrets', 'session.key'));
    expect(await file('a', 'secrets', 'ca.key')).toBe(await file('ca', 'ca.key'));
    expect((await readdir(join(dir, 'w', 'secrets'))).sort()).toEqual(['ca.crt', 'identity.seed', 'tls.crt', 'tls.key']);
  });

  it('names node, address and VIP in a data node’s certificate', async () => {
    const certificate = new X509Certificate(await file('a', 'secrets', 'tls.crt'));
    expect(certificate.subject).toBe('CN=a');
    expect(certificate.subjectAltName).toBe('DNS:a, IP Address:127.0.1.1, IP Address:127.0.1.10');
    expect(certificate.checkIssued(new X509Certificate(await file('a', 'secrets', 'ca.crt')))).toBe(true);
  });

  it('makes certificates with which two members trust each other', async () => {
    const tls = async (node: string) => ({
      key: await file(node, 'secrets', 'tls.key'),
      cert: await file(node, 'secrets', 'tls.crt'),
      ca: await file(node, 'secrets', 'ca.crt'),
    });
    const server = createServer({ ...(await tls('a')), requestCert: true, rejectUnauthorized: true });
    await new Promise<void>((done) => server.listen(0, '127.0.1.1', done));
    try {
      const caller = new Promise<string>((done) =>
        server.once('secureConnection', (socket) => done(String(socket.getPeerCertificate().subject.CN))),
      );
      const socket: TLSSocket = connect({
        ...(await tls('b')),
        host: '127.0.1.1',
        port: (server.address() as { port: number }).port,
      });
      await new Promise<void>((done, fail) => socket.once('secureConnect', done).once('error', fail));
      expect(socket.authorized).toBe(true);
      expect(await caller).toBe('b');
      socket.destroy();
    } finally {
      server.close();
    }
  });

  it('gives certificates a year where the nodes renew them, and ten where the key stays outside, on no node', async () => {
    const outside = join(dir, 'outside');
    await initCluster(outside, { ...PLAN, authorityOutside: true });
    const days = (pem: string) => (new X509Certificate(pem).validToDate.getTime() - Date.now()) / 86_400_000;
    expect(days(await file('w', 'secrets', 'tls.crt'))).toBeCloseTo(365, 0);
    expect(days(await file('outside', 'w', 'secrets', 'tls.crt'))).toBeGreaterThan(3_600);
    for (const node of ['a', 'b', 'w']) expect(await readdir(join(outside, node, 'secrets'))).not.toContain('ca.key');
  });

  it('gives the authority’s key to no copy in another site', async () => {
    const members = [...PLAN.members, parseMember('d=127.0.1.4', 'dr')];
    await initCluster(join(dir, 'with-copy'), { ...PLAN, members });
    expect(await readdir(join(dir, 'with-copy', 'd', 'secrets'))).toEqual(expect.not.arrayContaining(['ca.key']));
  });

  it('never overwrites the identities of a cluster', () =>
    expect(initCluster(dir, PLAN)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' }));

  it('refuses what is no valid configuration, and says where', async () => {
    await expect(initCluster(join(dir, 'x'), { ...PLAN, clusterId: 'No!' })).rejects.toThrow(/^cluster\.id: found "No!"/);
    await expect(initCluster(join(dir, 'x'), { ...PLAN, ports: { syslog: 70_000 } })).rejects.toThrow(/ports\.syslog/);
  });
});

it('computes the peer id that libp2p computes', async () => {
  const { generateKeyPairFromSeed } = (await import('@libp2p/crypto/keys' as string)) as {
    generateKeyPairFromSeed: (type: 'Ed25519', seed: Uint8Array) => Promise<unknown>;
  };
  const { peerIdFromPrivateKey } = (await import('@libp2p/peer-id' as string)) as {
    peerIdFromPrivateKey: (key: unknown) => { toString(): string };
  };
  const seed = Buffer.alloc(32, 7);
  expect(peerIdOfSeed(seed)).toBe(peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed)).toString());
});

it('says what a member or a port must look like', () => {
  expect(() => parseMember('a', 'data')).toThrow('--member: found "a", allowed is NAME=ADDRESS');
  expect(() => parsePort('syslog')).toThrow('--port: found "syslog"');
});
