import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeConfig } from '@yosugara/protocol';
import { PostgresControlError } from '../errors.js';

export const OLDEST_MAJOR = 15;
export const NEEDED = ['postgres', 'initdb', 'pg_controldata', 'pg_basebackup', 'pg_rewind', 'pg_waldump'] as const;
export type Program = (typeof NEEDED)[number];

export interface Programs {
  readonly major: number;
  /** Such as `PostgreSQL 15.18 (Debian 15.18-0+deb12u1)`. */
  readonly version: string;
  readonly folder: string;
  path(program: Program): string;
}

/**
 * Configured folder; else those of `major`, which is that of the data here: a newer one that was installed beside it cannot read them. Else
 * Debian's newest, then PATH. @throws PostgresControlError PROGRAMS_MISSING — one line that says what was looked at.
 */
export function findPrograms(config: NodeConfig, major: number | null = majorHere(config)): Programs {
  const { found, tooOld } = allPrograms(config);
  const best = found.find((programs) => programs.major === major) ?? found[0];
  if (best !== undefined) return best;
  const looked = config.postgres.bin ?? '/usr/lib/postgresql/*/bin and PATH';
  throw new PostgresControlError(
    'PROGRAMS_MISSING',
    `no PostgreSQL ${OLDEST_MAJOR} or newer with ${NEEDED.join(', ')} in ${looked}${tooOld.length === 0 ? '' : `; found: ${tooOld.join(', ')}`}`,
  );
}

/** Of every major that is installed, best first. */
export function allPrograms(config: NodeConfig): { readonly found: readonly Programs[]; readonly tooOld: readonly string[] } {
  const folders =
    config.postgres.bin !== undefined ? [config.postgres.bin] : [...debianFolders(), ...(process.env['PATH'] ?? '').split(':')];
  const found: Programs[] = [];
  const tooOld: string[] = [];
  for (const folder of folders) {
    if (!NEEDED.every((name) => existsSync(join(folder, name)))) continue;
    const version = versionOf(join(folder, 'postgres'));
    const major = Number(/PostgreSQL (\d+)/.exec(version)?.[1] ?? 0);
    if (major >= OLDEST_MAJOR) found.push({ major, version, folder, path: (program) => join(folder, program) });
    else tooOld.push(`${version === '' ? 'something that does not say its version' : version} in ${folder}`);
  }
  return { found, tooOld };
}

/** Of the data of this node; null: there are none. */
const majorHere = ({ dataDir }: NodeConfig): number | null => (dataDir === undefined ? null : majorOf(join(dataDir, 'pgdata')));

/** The major version that a data directory is of; null: it is none. */
export function majorOf(pgdata: string): number | null {
  try {
    return Number.parseInt(readFileSync(join(pgdata, 'PG_VERSION'), 'utf8'), 10) || null;
  } catch {
    return null;
  }
}

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(b) - Number(a))
    .map((name) => join(root, name, 'bin'));
}

function versionOf(postgres: string): string {
  try {
    const said = execFileSync(postgres, ['--version'], { encoding: 'utf8', timeout: 5_000 });
    return said.replace(/^postgres \((PostgreSQL)\)/, '$1').trim();
  } catch {
    return '';
  }
}
