import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
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
  path(program: Program): string;
}

/** Configured folder, else Debian's newest, else PATH. @throws PostgresControlError PROGRAMS_MISSING — one line that says what was looked at. */
export function findPrograms(config: NodeConfig): Programs {
  const folders =
    config.postgres.bin !== undefined ? [config.postgres.bin] : [...debianFolders(), ...(process.env['PATH'] ?? '').split(':')];
  const tooOld: string[] = [];
  for (const folder of folders) {
    if (!NEEDED.every((name) => existsSync(join(folder, name)))) continue;
    const version = versionOf(join(folder, 'postgres'));
    const major = Number(/PostgreSQL (\d+)/.exec(version)?.[1] ?? 0);
    if (major >= OLDEST_MAJOR) return { major, version, path: (program) => join(folder, program) };
    tooOld.push(`${version === '' ? 'something that does not say its version' : version} in ${folder}`);
  }
  const looked = config.postgres.bin ?? '/usr/lib/postgresql/*/bin and PATH';
  throw new PostgresControlError(
    'PROGRAMS_MISSING',
    `no PostgreSQL ${OLDEST_MAJOR} or newer with ${NEEDED.join(', ')} in ${looked}${tooOld.length === 0 ? '' : `; found: ${tooOld.join(', ')}`}`,
  );
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
