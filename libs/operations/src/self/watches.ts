import { BACKUP_WATCHES } from './backup-watches.js';
import { amount, bytes, count, duration, percent } from './sentences.js';
import type { Watch } from './watch.js';
import { DAY_S, known, MIB, watch } from './watch-row.js';
import { DATABASE, PROCESS } from './watches-of-process.js';

const QUEUES: readonly Watch[] = [
  watch({
    ...{ id: 'outbox-age', what: 'how long the oldest notification that is due has waited', unit: 'seconds' },
    ...{ limits: { warning: 120, critical: 600 }, by: 30, afterMs: 15_000 },
    say: (value, _, note) => `a notification that is due has waited ${duration(value)} to leave the cluster${known(note)}`,
    over: () => 'notifications leave the cluster in time again',
    todo: 'the log names the destination and why (`outbox.retry`); look whether the mail server or whoever takes it is there, or disable that notification',
  }),
  watch({
    ...{ id: 'outbox-depth', what: 'notifications that wait to leave the cluster', unit: 'count' },
    ...{ limits: { warning: 10_000, critical: 100_000 }, by: 1_000, afterMs: 15_000 },
    say: (value) => `${count(value)} notifications wait to leave the cluster`,
    over: () => 'few notifications wait to leave the cluster',
    todo: "as `outbox-age`; when a monitor tells too much, raise its notification's `initialCount` or open a maintenance window",
  }),
  watch({
    ...{ id: 'ingest-lag', what: 'how long the oldest message that was received has waited to be stored', unit: 'seconds' },
    ...{ limits: { warning: 10, critical: 120 }, by: 5, afterMs: 15_000 },
    say: (value, _, note) => `messages are stored ${duration(value)} after they were received${known(note)}`,
    over: () => 'messages are stored at once again',
    todo: 'nothing is lost: they are in the journals. Look whether PostgreSQL answers (`database`, `slow-query`), whether its disk keeps up, and who sends so much (`yosugara ingest status`)',
  }),
  watch({
    ...{ id: 'ingest-behind', what: 'messages that were received and are not stored', unit: 'count' },
    ...{ limits: { warning: 200_000, critical: 2_000_000 }, by: 50_000, afterMs: 30_000 },
    say: (value) => `${count(value)} messages were received and are not stored yet`,
    over: () => 'what was received is stored',
    todo: 'as `ingest-lag`; look at `journal-bytes`, too: when the journals are full, messages are refused',
  }),
  watch({
    ...{
      id: 'ingest-owed',
      what: 'messages that only the other node may have, and that it could not be asked for',
      unit: 'count',
    },
    ...{ limits: { warning: 1 }, afterMs: 60_000 },
    say: (value) => `${count(value)} messages that only the other node may have are missing until it is back`,
    over: () => 'no message of the other node is missing any more',
    todo: 'bring the other node back: they are fetched by themselves (docs/visible-loss.md)',
  }),
  watch({
    ...{
      id: 'ingest-lost',
      what: 'messages, in the last 5 minutes, that were received and that neither node has any more',
      unit: 'count',
    },
    limits: { critical: 1 },
    say: (value) => `${count(value)} messages that were received are lost: neither node has them any more`,
    over: () => 'no more messages were lost for 5 minutes',
    todo: '`yosugara ingest status` names the stretches; look at the disks of both nodes',
  }),
  watch({
    ...{ id: 'receiver-down', what: 'how long the receiver of a node was not heard', unit: 'seconds', of: 'cluster' },
    ...{ limits: { warning: 10, critical: 60 } },
    say: (value, item) =>
      `the receiver of ${item} is not heard for ${duration(value)}: what is sent to ${item} only is lost meanwhile`,
    over: (item) => `the receiver of ${item} is heard again`,
    todo: 'start it (`systemctl status yosugara-receiver`), read its log; is a port taken, or its disk full?',
  }),
  watch({
    ...{ id: 'receiver-listener', what: 'how long a listener of a receiver has been missing', unit: 'seconds', of: 'cluster' },
    ...{ limits: { warning: 10, critical: 60 } },
    say: (value, item, note) =>
      `the receiver of ${item} has not listened everywhere for ${duration(value)}: what is sent there is lost or waits${known(note)}`,
    over: (item) => `the receiver of ${item} listens everywhere again`,
    todo: 'look who has the port on that node (`ss -lunp`, `ss -ltnp`), or whether it has the floating address (`ip addr`): it is tried again every second',
  }),
  watch({
    ...{ id: 'journal-bytes', what: 'how full a journal of this node is', unit: 'ratio' },
    ...{ limits: { warning: 0.7, critical: 0.9 }, by: 0.05, afterMs: 15_000 },
    say: (value, item) => `the ${item} is ${percent(value)} full; a full one takes no more messages`,
    over: (item) => `the ${item} has room again`,
    todo: 'what waits for ingest or for the other node fills them: look at `ingest-lag`, `replication-lag`, `receiver-behind`. `receiver.maxJournalMb` is the bound of each',
  }),
  watch({
    ...{
      id: 'journal-refused',
      what: 'messages, in the last 5 minutes, that a journal did not take',
      unit: 'count',
      of: 'cluster',
    },
    limits: { critical: 1 },
    say: (value, item, note) =>
      `the receiver of ${item} refused ${count(value)} messages in the last 5 minutes: its journal did not take them${known(note)}`,
    over: (item) => `the journal of ${item} has taken everything for 5 minutes`,
    todo: 'full: as `journal-bytes`; backlog: its disk does not keep up, look at what else writes there',
  }),
  watch({
    ...{
      id: 'receiver-drops',
      what: "datagrams, in the last 5 minutes, for which a receiver's sockets had no room",
      unit: 'count',
      of: 'cluster',
    },
    limits: { warning: 1, critical: 10_000 },
    say: (value, item) =>
      `the kernel of ${item} dropped ${count(value)} datagrams in the last 5 minutes: the buffers of its receiver's sockets were full`,
    over: (item) => `the kernel of ${item} has dropped nothing for 5 minutes`,
    todo: 'raise `net.core.rmem_max`; look whether the receiver gets its processor time, and who sends so much',
  }),
  watch({
    ...{ id: 'receiver-behind', what: "messages that are on one node's disk only", unit: 'count', of: 'cluster' },
    ...{ limits: { warning: 10_000, critical: 1_000_000 }, by: 1_000, afterMs: 30_000 },
    say: (value, item) => `${count(value)} messages of ${item} are on its disk only`,
    over: (item) => `the messages of ${item} are on both disks`,
    todo: 'is the other node up, and the line between both (port `journal`) wide enough?',
  }),
];

const DISKS: readonly Watch[] = [
  watch({
    ...{ id: 'disk-used', what: 'how full a volume is', unit: 'ratio' },
    ...{ limits: { warning: 0.8, critical: 0.95 }, by: 0.02, afterMs: 10_000 },
    say: (value, item, note) => `the volume ${item} is ${percent(value)} full${known(note)}`,
    over: (item) => `the volume ${item} has room again`,
    todo: 'make room or make it larger. Limits are `disks.warnPercent` and `disks.fullPercent`',
  }),
  watch({
    ...{ id: 'disk-inodes', what: 'how many of the files that a volume can hold are there', unit: 'ratio' },
    ...{ limits: { warning: 0.85, critical: 0.95 }, by: 0.02, afterMs: 10_000 },
    say: (value, item) => `the volume ${item} has ${percent(value)} of all the files that it can hold`,
    over: (item) => `the volume ${item} can hold more files again`,
    todo: 'look for a folder with very many small files (`df -i`, `du --inodes -x`)',
  }),
  watch({
    ...{ id: 'disk-answer', what: 'how long a volume has not answered', unit: 'seconds' },
    limits: { warning: 5, critical: 30 },
    say: (value, item) => `the volume ${item} has not answered for ${duration(value)}`,
    over: (item) => `the volume ${item} answers again`,
    todo: "a disk that hangs: look at the kernel's messages (`dmesg`) and at the storage behind it",
  }),
];

const CLUSTER: readonly Watch[] = [
  watch({
    ...{ id: 'replication-lag', what: 'WAL that a node lacks', unit: 'bytes', of: 'cluster' },
    ...{ limits: { warning: 64 * MIB, critical: 1_024 * MIB }, by: 16 * MIB, afterMs: 30_000 },
    say: (value, item) => `the database of ${item} lacks ${bytes(value)} of the Master's WAL`,
    over: (item) => `the database of ${item} has caught up`,
    todo: "is that node's disk or the line to it too slow, or is it being rebuilt (`yosugara status`)?",
  }),
  watch({
    ...{
      id: 'dr-loss',
      what: 'of how long a time what was acknowledged would be lost with the site of the Master',
      unit: 'seconds',
    },
    ...{ of: 'cluster', limits: { warning: 60, critical: 900 }, by: 10, afterMs: 30_000 },
    say: (value, item, note) =>
      `if the site of the Master were lost now, what was acknowledged in the last ${duration(value)} would be gone: ${item} is behind${known(note)}`,
    over: (item) => `${item} has caught up: next to nothing would be lost with the site of the Master`,
    todo: 'is the line to the other site there and wide enough, and does that node follow (`yosugara dr status`)? [docs/dr.md](dr.md)',
  }),
  watch({
    ...{ id: 'clock-distance', what: 'how far the clocks of the two data nodes are apart', unit: 'seconds' },
    ...{ limits: { warning: 0.5, critical: 2 }, by: 0.1, afterMs: 60_000 },
    say: (value, item) => `the clocks of this node and ${item} are ${duration(value)} apart`,
    over: (item) => `the clocks of this node and ${item} agree again`,
    todo: 'look at the time service of both (`chronyc tracking`). Leases do not need it, times of messages and certificates do',
  }),
  watch({
    ...{ id: 'fence-device', what: '1: the power device of a node could not be read', unit: 'level', of: 'cluster' },
    limits: { critical: 1 },
    say: (_, item, note) =>
      `the power device of ${item} does not answer as it should: nobody could take over when that node goes silent${known(note)}`,
    over: (item) => `the power device of ${item} answers again`,
    todo: "`yosugara fence check`; look at the device's network, address and account (docs/fencing.md)",
  }),
  watch({
    ...{ id: 'fence-age', what: 'how long ago a power device was read', unit: 'seconds', of: 'cluster' },
    limits: { warning: 300, critical: 1_800 },
    say: (value, item) => `the power device of ${item} was not read for ${duration(value)}`,
    over: (item) => `the power device of ${item} is read again`,
    todo: "as `fence-device`; the controller's log says what it tries",
  }),
  watch({
    ...{ id: 'alarm', what: '1: a yellow alarm of the controllers, 2: a red one', unit: 'level', of: 'cluster' },
    ...{ limits: { warning: 1, critical: 2 }, afterMs: 5_000, clearMs: 60_000 },
    say: (_, item, note) => `${item.split(' ')[0]}${note === '' ? '' : `: ${note}`}`,
    over: (item) => `${item.split(' ')[0]} is over`,
    todo: '`yosugara status` has it with what is known now; `yosugara runbook` and its code say what to do',
  }),
  watch({
    ...{ id: 'controller', what: "how long this node's controller did not answer", unit: 'seconds' },
    limits: { warning: 10, critical: 60 },
    say: (value) => `the controller of this node does not answer for ${duration(value)}: this manager serves no more`,
    over: () => 'the controller of this node answers again',
    todo: 'start it, read its log',
  }),
  watch({
    ...{ id: 'certificate-end', what: 'how long a certificate is still valid', unit: 'seconds', worse: 'below' },
    ...{ limits: { notice: 60 * DAY_S, warning: 30 * DAY_S, critical: 7 * DAY_S }, by: 3_600 },
    say: (value, item, note) =>
      value > 0
        ? `the certificate ${item} ends in ${duration(value)}${known(note)}`
        : `the certificate ${item} ended ${duration(value)} ago${known(note)}`,
    over: (item) => `the certificate ${item} was renewed`,
    todo: "put a new one in its place: files are read again. The cluster's own (`secrets/`) are renewed by themselves: `yosugara certificates list` says what hinders it (docs/certificates.md)",
  }),
  watch({
    ...{ id: 'certificate-read', what: '1: a certificate that the configuration names could not be read', unit: 'level' },
    limits: { warning: 1 },
    say: (_, item, note) => `the certificate ${item} cannot be read${known(note)}`,
    over: (item) => `the certificate ${item} can be read`,
    todo: "is the file there, readable for the manager's account, and a certificate in PEM?",
  }),
];

const FILLING: readonly Watch[] = [
  watch({
    ...{ id: 'capacity', what: 'how long until something is full, if it goes on filling as it does', unit: 'seconds' },
    ...{ of: 'cluster', worse: 'below', limits: { warning: 14 * DAY_S, critical: 2 * DAY_S }, by: 6 * 3_600, afterMs: 1_200_000 },
    say: (value, item, note) =>
      `${item} is ${value < 1 ? 'full' : `full in ${duration(value)} if it goes on like that`}${known(note)}`,
    over: (item) => `${item} does not fill up in the near future any more`,
    todo: '`yosugara capacity` says how sure that is, and what to change ([capacity](capacity.md))',
  }),
];

/** Everything about ourselves that is watched. */
export const WATCHES: readonly Watch[] = [
  ...QUEUES,
  ...DISKS,
  ...FILLING,
  ...CLUSTER,
  ...DATABASE,
  ...BACKUP_WATCHES,
  ...PROCESS,
];

export const watchOf = (id: string): Watch | undefined => WATCHES.find((each) => each.id === id);

/** Its limits in words, for the manual. */
export function limitsInWords({ limits, unit, worse }: Watch): string {
  const parts = (['notice', 'warning', 'critical'] as const).flatMap((level) => {
    const limit = limits[level];
    return limit === undefined || limit === null
      ? []
      : [`${level} ${worse === 'above' ? 'from' : 'below'} ${amount(limit, unit)}`];
  });
  return parts.length === 0 ? 'only measured; limits are yours to give' : parts.join(', ');
}
