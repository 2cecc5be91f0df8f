import { InvalidInputError } from '@yosugara/kernel';
import { BackupError } from './errors.js';
import type { BackupSet } from './info.js';

/** Up to where a restore goes. */
export type RestoreTarget =
  /** All that ever arrived in the repository. */
  | { readonly kind: 'latest' }
  /** What was committed up to then. */
  | { readonly kind: 'time'; readonly atMs: number }
  /** As soon as it is consistent: what there was at the end of that backup. */
  | { readonly kind: 'backup'; readonly label: string };

export function parseTarget(text: string): RestoreTarget {
  if (text === 'latest') return { kind: 'latest' };
  if (/^\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?$/.test(text)) return { kind: 'backup', label: text };
  // A time without a zone would be another moment on another host.
  if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)$/.test(text)) {
    const atMs = Date.parse(text.replace(' ', 'T'));
    if (!Number.isNaN(atMs)) return { kind: 'time', atMs };
  }
  throw new InvalidInputError(
    '--to',
    text,
    'latest, a backup as the list names it, or a time with its zone such as 2026-11-22T03:15:00Z',
  );
}

/** What of the repository it begins with: the newest that ended by then. @throws BackupError BACKUP_NOT_FOUND. */
export function setFor(sets: readonly BackupSet[], target: RestoreTarget): BackupSet {
  const fits = sets.filter(
    ({ label, endedAtMs }) =>
      target.kind === 'latest' || (target.kind === 'time' ? endedAtMs <= target.atMs : label === target.label),
  );
  const found = fits.at(-1);
  if (found !== undefined) return found;
  const oldest = sets[0];
  const there =
    oldest === undefined
      ? 'there is none'
      : `the oldest is ${oldest.label}, which ended ${new Date(oldest.endedAtMs).toISOString()}`;
  const wanted =
    target.kind === 'time'
      ? `ended before ${new Date(target.atMs).toISOString()}`
      : target.kind === 'backup'
        ? `is called ${target.label}`
        : 'is there';
  throw new BackupError('BACKUP_NOT_FOUND', `no backup ${wanted}: ${there}`);
}

/** PostgreSQL's recovery_target_time has microseconds, and its own zone's times; ours is UTC. */
export function programOptions(target: RestoreTarget): readonly string[] {
  switch (target.kind) {
    case 'latest':
      return ['--type=default'];
    case 'time':
      return [
        '--type=time',
        `--target=${new Date(target.atMs).toISOString().replace('T', ' ').replace('Z', '+00')}`,
        '--target-action=promote',
      ];
    case 'backup':
      return ['--type=immediate', '--target-action=promote'];
  }
}
