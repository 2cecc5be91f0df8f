import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemons, findSystemProgram, freePort, startMariadb } from '@yosugara/testkit';
import { LabToolError } from '../host/shell.js';
import { ANY, rules, type StandKind, standOf, type Watched, watch } from './stand.js';

function databases(name: string, daemon: string, from: string, check: object, count: string): readonly Watched[] {
  return [
    watch(`sql-numeric-${name}`, daemon, from, { type: 'sql-numeric', check: { ...check, query: count }, numeric: ANY }),
    watch(`sql-string-${name}`, daemon, from, {
      ...{ type: 'sql-string', check: { ...check, query: "select 'it is well'" }, rules: rules('it is well') },
    }),
  ];
}

export const DATABASES: readonly StandKind[] = [
  {
    name: 'mariadb',
    start: async ({ host, certificate }) => {
      const daemons = host.daemons('mariadb');
      const { port } = await startMariadb(daemons, certificate, '--skip-grant-tables');
      const check = { database: 'mysql', user: 'root', port, driver: 'mysql' };
      return standOf(daemons, databases('mariadb', 'mariadbd', 'mariadb-server-core', check, 'select count(*) from user'));
    },
  },
  {
    name: 'postgresql',
    start: async ({ host }) => {
      const daemons = host.daemons('postgresql');
      const port = await startPostgres(daemons, host.place.address);
      const check = { database: 'postgres', user: 'postgres', port };
      return standOf(daemons, databases('postgresql', 'postgres', 'postgresql-15', check, 'select count(*) from pg_class'));
    },
  },
];

/** A cluster of its own, beside the one that is the product's. @returns its port. */
async function startPostgres(daemons: Daemons, address: string): Promise<number> {
  const bin = findSystemProgram('/usr/lib/postgresql/15/bin/postgres');
  if (bin === null) throw new LabToolError('postgresql', 'is not here (package postgresql-15)');
  const port = await freePort();
  const data = join(daemons.dir, 'data');
  chmodSync(daemons.dir, 0o777);
  const as = (...words: readonly string[]) =>
    execFileSync('runuser', ['-u', 'postgres', '--', ...words], { cwd: daemons.dir, stdio: 'pipe' });
  const initdb = [bin.replace(/postgres$/, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust'];
  as(...initdb, '--locale=C', '-E', 'UTF8', '--no-sync');
  const network = `${address.replace(/\d+$/, '0')}/24`;
  as('sh', '-c', 'echo "host all all $2 trust" >> "$1/pg_hba.conf"', 'sh', data, network);
  const set = [
    ...[`listen_addresses=${address}`, `port=${port}`, `unix_socket_directories=${daemons.dir}`],
    ...['fsync=off', 'shared_buffers=16MB'],
  ].flatMap((each) => ['-c', each]);
  const args = ['--reuid=postgres', '--regid=postgres', '--clear-groups', bin, '-D', data, ...set];
  await daemons.start({ program: 'setpriv', args, ready: port });
  return port;
}
