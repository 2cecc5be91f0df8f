import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { startTestPostgres, startTestStandby } from './postgres.js';

it('a test PostgreSQL listens while it runs, and leaves neither process nor folder behind', async () => {
  const server = await startTestPostgres();
  try {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: server.host, port: server.port }, () => resolve());
      socket.once('connect', () => socket.destroy());
      socket.once('error', reject);
    });
  } finally {
    await server.stop();
    await server.stop();
  }
  expect(existsSync(server.dataDir)).toBe(false);
  expect(() => process.kill(server.pid, 0)).toThrow(/ESRCH/);
});

it('two that run together have each a data directory of its own, and only the first is made anew', async () => {
  const shared = mkdtempSync(join(tmpdir(), 'yosugara-pg-template-'));
  vi.stubEnv('YOSUGARA_TEST_PG_TEMPLATE', shared);
  const asked = (url: string, sql: string) => execFileSync('psql', [url, '-qAtc', sql], { encoding: 'utf8' }).trim();
  const of = 'select system_identifier from pg_control_system()';
  try {
    const first = await startTestPostgres();
    try {
      asked(first.connectionString, 'create table of_the_first ()');
      expect(readdirSync(shared)).toEqual(['data']);
      const second = await startTestPostgres();
      try {
        expect(asked(second.connectionString, of)).toBe(asked(first.connectionString, of));
        expect(asked(second.connectionString, "select to_regclass('of_the_first') is null")).toBe('t');
      } finally {
        await second.stop();
      }
    } finally {
      await first.stop();
    }
  } finally {
    vi.unstubAllEnvs();
    rmSync(shared, { recursive: true, force: true });
  }
});

it('a test Standby holds what was there when it was made, and what its primary writes since', async () => {
  const asked = (url: string, sql: string) => execFileSync('psql', [url, '-qAtc', sql], { encoding: 'utf8' }).trim();
  const primary = await startTestPostgres({ wal_level: 'replica' });
  try {
    asked(primary.connectionString, 'create table kept as select 1 as value');
    const standby = await startTestStandby(primary);
    try {
      asked(primary.connectionString, 'insert into kept values (2)');
      await expect
        .poll(() => asked(standby.connectionString, 'select sum(value), pg_is_in_recovery() from kept'), { timeout: 60_000 })
        .toBe('3|t');
    } finally {
      await standby.stop();
    }
  } finally {
    await primary.stop();
  }
});
