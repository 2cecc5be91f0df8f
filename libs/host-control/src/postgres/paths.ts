import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { invariant } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';

export interface PostgresPaths {
  readonly dataDir: string;
  readonly pgdata: string;
  /** A base backup in the making. */
  readonly pgdataNew: string;
  /** The one set-aside copy. */
  readonly pgdataOld: string;
  readonly sockets: string;
  /** Has a folder for each member that is reached by a socket (`forward/line.ts`); null: the path is too long for one. */
  readonly lines: string | null;
  readonly passFile: string;
  readonly tls: string;
  /** There while a rewind or the swap after a base backup is unfinished; its text says which. */
  readonly unfinished: string;
}

/** Without links: /proc shows working directories resolved, and the proof that PostgreSQL has stopped compares with them. */
export function dataFolder(config: NodeConfig): string {
  invariant(config.dataDir !== undefined, 'a data node has a dataDir');
  // Parents must be passable for PostgreSQL's account; dataDir itself becomes 0700 later.
  if (!existsSync(config.dataDir)) mkdirSync(config.dataDir, { recursive: true, mode: 0o755 });
  return realpathSync(config.dataDir);
}

/** sun_path of unix(7) holds 107 characters and a NUL. */
const SOCKET_PATH_MAX = 107;
/** `to-` and a member's name. */
const LONGEST_LINE = 'x'.repeat(34);

export function postgresPaths(config: NodeConfig): PostgresPaths {
  const dataDir = dataFolder(config);
  const own = join(dataDir, 'run');
  const file = `.s.PGSQL.${config.ports.postgres}.lock`;
  const fits = (folder: string) => Buffer.byteLength(join(folder, file)) <= SOCKET_PATH_MAX;
  const short = join('/tmp', `yosugara-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`);
  return {
    dataDir,
    pgdata: join(dataDir, 'pgdata'),
    pgdataNew: join(dataDir, 'pgdata.new'),
    pgdataOld: join(dataDir, 'pgdata.old'),
    sockets: fits(own) ? own : short,
    lines: fits(join(own, LONGEST_LINE)) ? own : null,
    passFile: join(dataDir, 'pgpass'),
    tls: join(dataDir, 'tls'),
    unfinished: join(dataDir, 'unfinished'),
  };
}
