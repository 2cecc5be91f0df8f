import { duration } from './sentences.js';
import type { Watch } from './watch.js';

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** A cluster that keeps backups and has none yet is as one whose newest is so old. */
export const NO_BACKUP_S = 2 * DAY_S;
export const NO_BACKUP = 'there is none yet';

const known = (note: string): string => (note === '' ? '' : ` (${note})`);

/** Backups of the cluster itself (docs/backup.md): that they fail is seen by nobody until they are needed. */
export const BACKUP_WATCHES: readonly Watch[] = [
  {
    ...{ id: 'backup-age', what: 'how old the newest backup of the cluster is', unit: 'seconds', worse: 'above' },
    ...{ limits: { warning: NO_BACKUP_S, critical: 7 * DAY_S }, by: HOUR_S, afterMs: 0, of: 'cluster' },
    say: (value, _, note) =>
      note === NO_BACKUP
        ? 'there is no backup of the cluster yet'
        : `the newest backup of the cluster is ${duration(value)} old${known(note)}`,
    over: () => 'the cluster has a young backup again',
    todo: '`yosugara backup take` on the Master says what hinders it; does the timer run on both nodes (`systemctl list-timers yosugara-backup.timer`), or whatever takes them?',
  },
  {
    ...{ id: 'backup-wal', what: 'how long WAL has waited to get to the repository of backups', unit: 'seconds', worse: 'above' },
    ...{ limits: { warning: 15 * MINUTE_S, critical: 2 * HOUR_S }, by: MINUTE_S, afterMs: 0, of: 'cluster' },
    say: (value, _, note) =>
      `WAL has not got to the repository of backups for ${duration(value)}: so much would be lost with both nodes${known(note)}`,
    over: () => 'WAL gets to the repository of backups again',
    todo: 'logs/postgres.log has the words of pgbackrest; is the repository there, has it room, is the key good? Behind `backup.maxWaitingWalMb` WAL is given up: take a backup then',
  },
  {
    ...{ id: 'backup-off', what: '1: backups are configured, and PostgreSQL sends no WAL', unit: 'level', worse: 'above' },
    ...{ limits: { warning: 1 }, by: 0, afterMs: 60_000, of: 'cluster' },
    say: () => 'backups are configured, and PostgreSQL sends no WAL',
    over: () => 'PostgreSQL sends its WAL to the repository of backups',
    todo: 'it does so from its next start on: `yosugara switchover`, and back. The log of the controller says what was missing at the last one (`backup.off`)',
  },
  {
    ...{ id: 'backup-repository', what: '1: the repository of backups cannot be read', unit: 'level', worse: 'above' },
    ...{ limits: { warning: 1 }, by: 0, afterMs: 0, of: 'cluster' },
    say: (_value, _item, note) => `the repository of backups cannot be read${known(note)}`,
    over: () => 'the repository of backups can be read again',
    todo: '`yosugara backup list` asks it again; is it mounted, does the store answer, is the passphrase the one that it was made with?',
  },
];
