import { PLACES } from '../cluster/layout.js';
import { monotonicMs } from '../host/shell.js';
import { powerOff, powerOn, shell } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

/** Issue 3: by base backup within 1.3 × the time of plain `pg_basebackup` in the same run. */
export const BASE_BACKUP_FACTOR = 1.3;

/** As the product's own copy: it gives way to who writes, on the same processors here. */
const PLAIN = `bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
pass=$(head -1 "$STATE"/secrets/pg-superuser)
install -d -o postgres -m 700 "$DATA"/plain
printf '*:*:*:*:%s\\n' "$pass" > "$DATA"/plain.pgpass; chmod 600 "$DATA"/plain.pgpass; chown postgres "$DATA"/plain.pgpass
HOME="$DATA" PGPASSFILE="$DATA"/plain.pgpass nice -n 10 setpriv --reuid postgres --regid postgres --clear-groups "$bin"/pg_basebackup -h "$HOST" -p 5442 -U yosugara_replication -D "$DATA"/plain -X stream -c fast
code=$?; sync; rm -rf "$DATA"/plain "$DATA"/plain.pgpass; exit $code`;

async function plainBaseBackup({ cluster, target, other, notes, say }: Stage): Promise<void> {
  const beganMs = monotonicMs();
  const user = 'pg-replication';
  await shell(cluster, target, `HOST=${PLACES[other].address}; ${PLAIN.replace('pg-superuser', user)}`, 600_000);
  notes.set('plainBaseBackupMs', Math.round(monotonicMs() - beganMs));
  say(`plain pg_basebackup took ${notes.get('plainBaseBackupMs')} ms`);
}

/** Two seconds of writes tell little of their rate; ten do. */
const STEADY_MS = 11_000;

/** Meant for `--db-size 1GB`. */
export const TIMED: readonly Scenario[] = [
  scenario({
    name: 'recover-rewind-timed',
    pattern: 'recover of an old Master by rewind',
    why: 'rewind, not a base backup; writes go on at 80 % and more',
    on: 'master',
    steadyMs: STEADY_MS,
    expect: 'other-serves',
    limits: { recoverMs: 10_000 },
    methods: ['rewind'],
    fault: powerOff,
    repair: powerOn,
  }),
  scenario({
    name: 'recover-basebackup-timed',
    pattern: 'recover of a node without PGDATA',
    why: 'within 1.3 × the time of plain pg_basebackup in the same run; writes go on at 80 % and more',
    on: 'standby',
    steadyMs: STEADY_MS,
    expect: 'goes-on',
    methods: ['basebackup'],
    fault: powerOff,
    repair: async (stage) => {
      await stage.cluster.hosts[stage.target].boot();
      await shell(stage.cluster, stage.target, 'rm -rf "$DATA"/pgdata');
      await plainBaseBackup(stage);
      stage.cluster.startServices(stage.target);
    },
  }),
];
