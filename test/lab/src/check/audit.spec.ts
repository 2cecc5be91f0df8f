import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LAB_TABLE, sqlAttempter } from '../client/sql-writer.js';
import { query } from '../cluster/sql.js';
import { LabHost } from '../host/host.js';
import { Network } from '../host/network.js';
import { monotonicMs, run, until } from '../host/shell.js';
import { auditViolations, keysOnDisk } from './audit.js';
import type { Acknowledged } from './types.js';

const root = process.getuid?.() === 0;
const BIN = `/usr/lib/postgresql/${readdirSync('/usr/lib/postgresql')[0]}/bin`;

describe.skipIf(!root)('the disk of a host that lost its power', () => {
  let dir = '';
  let host: LabHost;
  let network: Network;

  beforeEach(async () => {
    dir = mkdtempSync('/tmp/yosugara-labspec-');
    await run('chmod', ['755', dir]);
    const prefix = `ysgspec-${process.pid}-audit`;
    network = new Network(prefix);
    await network.create();
    host = new LabHost({ place: { name: 'a', address: '10.77.0.11', mac: '02:79:73:67:00:0b' }, network, prefix, dir });
    await host.install();
    await host.boot();
  });
  afterEach(async () => {
    await host.destroy();
    await network.destroy();
    rmSync(dir, { recursive: true, force: true });
  });

  /** A plain PostgreSQL on the host's disk, with `lab_write`. @returns its socket's folder, seen from here. */
  const startPostgres = async (fsync: 'on' | 'off') => {
    const data = `${host.mountpoint}/data`;
    const [program, args] = host.inside('sh', [
      '-c',
      `install -d -o postgres ${data} && setpriv --reuid postgres --regid postgres --clear-groups ${BIN}/initdb -D ${data}/pgdata -A trust -U postgres && sync`,
    ]);
    await run(program, args, 60_000);
    const as = ['/usr/bin/setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'];
    const server = [
      `${BIN}/postgres`,
      '-D',
      `${data}/pgdata`,
      '-c',
      `unix_socket_directories=${data}`,
      '-c',
      `fsync=${fsync}`,
      '-c',
      'cluster_name=yosugara_a',
    ];
    host.start({ name: 'postgres', args: [...as, ...server], respawnMs: null });
    const socketDir = host.pathFromOutside(data);
    const postgres = { socketDir, port: 5432, password: '', database: 'postgres' };
    await until('PostgreSQL', 60_000, () => query(postgres, 'SELECT 1').catch(() => undefined));
    await query(postgres, 'CREATE DATABASE yosugara');
    await query({ ...postgres, database: 'yosugara' }, `CREATE ROLE yosugara_app LOGIN; ${LAB_TABLE}; CHECKPOINT`);
    await run('sync', ['-f', host.volume('data')]);
    return socketDir;
  };

  const writeAndCutPower = async (fsync: 'on' | 'off') => {
    const attempt = sqlAttempter({
      hosts: [await startPostgres(fsync)],
      port: 5432,
      user: 'yosugara_app',
      password: '',
      database: 'yosugara',
      tls: false,
      // All are acknowledged, however long the disk stands still.
      deadlineMs: 60_000,
    });
    const acknowledged: Acknowledged[] = [];
    for (let key = 1; key <= 50; key++) {
      const outcome = await attempt(key);
      expect(outcome).toMatchObject({ kind: 'acknowledged', holder: 'a#timeline 00000001' });
      acknowledged.push({ writer: 'sql', key, atMs: monotonicMs(), holder: 'a', attempts: 1 });
    }
    const cutMs = monotonicMs();
    await host.powerOff();
    attempt.close();
    const onDisk = await keysOnDisk({ disk: host.dataDisk, pgdataOnDisk: 'pgdata', postgresBin: BIN, dir });
    return auditViolations('a', onDisk, acknowledged, cutMs);
  };

  it('holds every acknowledged write', async () => expect(await writeAndCutPower('on')).toEqual([]));

  it('does not hold them when PostgreSQL ran with fsync off, and the audit says so', async () =>
    expect(await writeAndCutPower('off')).toEqual([
      '50 writes acknowledged before the power cut are not on the disk of a: 1-50',
    ]));
});

describe.skipIf(!root)('a writer', () => {
  it('counts nothing when nobody answers', async () => {
    const attempt = sqlAttempter({ hosts: ['127.0.0.1'], port: 1, user: 'x', password: '', database: 'x', tls: true });
    expect(await attempt(1)).toMatchObject({ kind: 'unknown' });
    attempt.close();
  });
});
