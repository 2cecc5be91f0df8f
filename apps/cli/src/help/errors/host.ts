import type { ErrorTexts } from './types.js';

/** PostgreSQL on this host, backups, freezing, keys. */
export const HOST_ERRORS = {
  ACCOUNT_HIDDEN: [
    'PostgreSQL runs as another account, and the kernel hides from this process what that account runs',
    'give it CAP_SYS_PTRACE: `cap_add: [SYS_PTRACE]` of a container',
  ],
  ACCOUNT_MISSING: [
    'the account that PostgreSQL runs as is not there',
    'install the PostgreSQL package, or name another account',
  ],
  BACKUP_AWAY: ['the repository cannot be reached', 'bring the store or the folder back: `yosugara runbook backup-repository`'],
  BACKUP_DAMAGED: ['something in the repository is not what was put there', 'restore from another backup; take a full one'],
  BACKUP_FAILED: ['the backup ended with an error, which follows', 'mend what it names, then `yosugara backup take`'],
  BACKUP_GAP: [
    'WAL is missing between the backup and the moment that was asked for',
    'restore up to the gap, or from a younger backup',
  ],
  BACKUP_NOT_ARCHIVING: [
    'PostgreSQL does not archive its WAL',
    '`backup` in the configuration of all data nodes; then restart the controllers',
  ],
  BACKUP_NOT_CONFIGURED: ['the configuration of this node has no `backup`', 'docs/backup.md'],
  BACKUP_NOT_FOUND: ['there is no backup of that name or for that moment', '`yosugara backup list`'],
  BACKUP_PASSPHRASE: [
    'the passphrase is not the one that the repository is encrypted by',
    'put the right one in `secrets/backup-passphrase`',
  ],
  BACKUP_PROGRAM_MISSING: ['pgBackRest is not installed, or cannot be run', '`apt-get install pgbackrest`'],
  BACKUP_SECRET: ['a secret of the backup cannot be read', 'put it where the configuration names it, 0600'],
  BASE_BACKUP_FAILED: [
    '`pg_basebackup` failed; its sentence follows',
    'look at the line, the room, and the Master’s log; recover again',
  ],
  DAMAGED: [
    'the control file of PostgreSQL cannot be believed',
    'on a Standby: `yosugara recover` by a copy; on the only node: restore a backup',
  ],
  DEAD_MAN_LOST: ['the dead man of this node ended or did not begin', 'its log says why; the controller starts anew'],
  DISK_TOO_SMALL: ['the data does not fit beside what is there', 'make room on the volume of PGDATA'],
  FREEZE_BUSY: [
    'writes could not be held in time: something long is under way',
    'ask again, or end the long transaction that is named',
  ],
  FREEZE_FAILED: ['writes could not be held, or not to the end', 'do not trust the snapshot; the sentence says why'],
  FROZEN_ALREADY: ['writes are held already', '`yosugara thaw`, or wait for the deadline'],
  FROZEN_ELSEWHERE: ['writes are held from another place', 'thaw there, or wait for the deadline'],
  KEY_MISSING: ['no key that secrets are encrypted by is on this node', '`yosugara runbook KEY_MISSING`'],
  KEY_UNREADABLE: ['the text of a key is none', '`yosugara secrets export-keys` on a node that has it, `import-keys` here'],
  LEASE_ENDED: ['the lease ended before PostgreSQL could be started or go on', 'nothing: with the next lease it is tried again'],
  NAMES_NOT_EFFECTIVE: ['PostgreSQL did not take the names of who is waited for', 'look at its log; the controller tries again'],
  NOT_FROZEN: ['writes were not held any more', 'do not trust the snapshot; freeze again, with a later deadline'],
  NOT_RUNNING: ['PostgreSQL does not run here', '`yosugara status` says why'],
  NOT_SHUT_DOWN: ['the database was not shut down in order', 'start and stop it in order once, then ask again'],
  NO_DATA: ['there is no database in PGDATA', '`yosugara recover`, or restore a backup'],
  PROBER_NOT_STARTED: ['the child that looks at PostgreSQL does not start', 'look for memory and processes on this host'],
  PROGRAMS_MISSING: ['programs of PostgreSQL are missing', 'install the package, or set `postgres.bin`'],
  PROGRAM_FAILED: ['a program of the system failed; what it said follows', 'mend what it names'],
  PROMOTE_FAILED: ['PostgreSQL was not promoted in time', 'its log says why; the controller tries again within its lease'],
  QUERY_FAILED: ['PostgreSQL refused or did not answer what the controller asked', 'look at its log'],
  RECEIVER_NOT_CUT: ['the connection to the old Master could not be cut', 'nothing is promoted; look at PostgreSQL’s log'],
  RESTORE_FAILED: ['the restore did not come to its end; why follows', 'mend it, then the same command again'],
  REWIND_FAILED: ['`pg_rewind` failed; its sentence follows', 'recover goes on by a copy; look for room'],
  RUNNING: ['PostgreSQL or Yosugara runs where it must not', 'stop it on every member first: the sentence names where'],
  SOURCE_UNREACHABLE: [
    'the Master’s PostgreSQL cannot be reached from here',
    'look at the line, at `pg_hba.conf` (a revoked node is refused) and at certificates',
  ],
  START_FAILED: ['PostgreSQL did not start; the end of its log follows', 'mend what it says'],
  STOP_UNPROVED: [
    'it cannot be proved that PostgreSQL has stopped',
    'look for processes in state D (a dead volume); reboot the host',
  ],
  TABLESPACE_MISSING: ['the place of a tablespace is not there', 'make the folder or mount the volume as on the Master'],
  UNKNOWN: ['the look at PostgreSQL failed otherwise; why follows', 'look at its log'],
  UPGRADE_FAILED: ['the upgrade to the next major version did not come to its end', 'docs/upgrade.md: the old data is as it was'],
  VERSION_MISMATCH: ['PostgreSQL here is of another major version than the data', 'install the version that the sentence names'],
} as const satisfies ErrorTexts;
