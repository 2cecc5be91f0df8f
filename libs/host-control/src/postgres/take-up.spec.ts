import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { CERTIFICATE_FILES, STATE_LAYOUT } from '@yosugara/protocol';
import { TestAuthority } from '@yosugara/testkit';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, openPair, streams } from '../testing/pair.js';
import { eventually, type Testbed, type TestNode } from '../testing/testbed.js';
import { postgresPaths } from './paths.js';
import { takeUpCertificates } from './take-up.js';

/** One story: a primary and its standby over TLS, whose certificates and authority are replaced while both run; then the standby is revoked. */
describe('PostgreSQL whose certificates are replaced', () => {
  const authority = new TestAuthority('the new authority');
  let bed: Testbed;
  let a: TestNode;
  let b: TestNode;
  let client: pg.Client;

  beforeAll(async () => {
    ({ bed, a, b, client } = await openPair({ tls: true }));
    await b.postgres.baseBackup(a.peer, () => {});
    await b.postgres.startStandby(a.peer);
    await streams(a, b);
  });
  afterAll(async () => {
    await bed.close();
    authority.remove();
  });

  const issuerShownBy = async (node: TestNode): Promise<string> => {
    const session = await bed.client(node);
    const socket = (session as unknown as { connection: { stream: TLSSocket } }).connection.stream;
    const issuer = String(socket.getPeerCertificate().issuer.CN);
    await session.end();
    return issuer;
  };
  const fromAddress = (address: string) => bed.client(a, a.peer.address, address);
  const sender = async (): Promise<number | undefined> =>
    (await asSuperuser(a, 'select pid from pg_stat_replication')).rows[0]?.pid as number | undefined;
  const secret = ({ config }: TestNode, file: string) => join(config.stateDir, file);

  it('shows the new one from the next connection on; sessions and replication that are open stay, and new replication believes it', async () => {
    const before = await sender();
    const both = `${readFileSync(secret(a, STATE_LAYOUT.secrets.clusterCa), 'utf8')}${authority.ca.toString('utf8')}`;
    for (const node of [a, b]) {
      const { keyFile, certFile } = authority.issue(node.config.node);
      copyFileSync(keyFile, secret(node, STATE_LAYOUT.secrets.tlsKey));
      copyFileSync(certFile, secret(node, STATE_LAYOUT.secrets.tlsCert));
      writeFileSync(secret(node, STATE_LAYOUT.secrets.clusterCa), both);
      await takeUpCertificates(node.config);
    }
    await eventually('the new one is shown', async () => (await issuerShownBy(a)) === 'the new authority');
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(await sender()).toBe(before);
    await asSuperuser(a, 'select pg_terminate_backend(pid) from pg_stat_replication');
    await eventually('replication begins anew', async () => {
      const now = await sender();
      return now !== undefined && now !== before;
    });
  });

  it('cuts whatever comes from a standby that is revoked, replication and sessions, and lets nothing in from its address any more', async () => {
    const before = await eventually('replication', sender);
    const session = await fromAddress(b.peer.address);
    const cutOff = new Promise((resolve) => session.once('error', resolve));
    const hba = join(postgresPaths(a.config).pgdata, 'pg_hba.conf');
    expect(readFileSync(hba, 'utf8')).toContain(`${b.peer.address}/32`);
    const revoked = [{ node: 'b', peerId: 'peer-b', at: '2026-01-01T00:00:00.000Z', by: 'spec' }];
    writeFileSync(secret(a, CERTIFICATE_FILES.revoked), JSON.stringify(revoked));
    await takeUpCertificates(a.config);
    await eventually('it was cut', async () => (await sender()) !== before);
    await cutOff;
    await expect(fromAddress(b.peer.address)).rejects.toMatchObject({ message: expect.stringContaining('pg_hba.conf rejects') });
    await (await fromAddress('127.0.0.1')).end();
    expect(readFileSync(hba, 'utf8')).toContain(`host all,replication all ${b.peer.address}/32 reject`);
  });
});
