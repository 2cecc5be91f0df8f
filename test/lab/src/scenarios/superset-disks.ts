import { setTimeout as delay } from 'node:timers/promises';
import { allOn, eio, empty, fill, powerOff, readOnly, reboot, shell, stall, unstall, type Volume } from './means.js';
import { rows } from './superset-processes.js';
import type { Scenario, Stage } from './types.js';

const anyWay = { methods: ['follow', 'rewind', 'basebackup'] } as const;
const emptied = (volume: Volume) => async (stage: Stage) => {
  await empty(stage.cluster, stage.target, volume).catch(() => {});
  await reboot(stage);
};
const stallFor =
  (volume: Volume, ms: number) =>
  async ({ cluster, target }: Stage) => {
    await stall(cluster, target, volume);
    await delay(ms);
    await unstall(cluster, target, volume);
  };
/** While the node is off, something happens to its disk; the same one `recover` brings it back. */
export const damagedWhileOff = (script: string): Pick<Scenario, 'fault' | 'repair' | 'methods'> => ({
  fault: powerOff,
  repair: async ({ cluster, target }) => {
    await cluster.hosts[target].boot();
    await shell(cluster, target, script);
    cluster.startServices(target);
  },
  ...anyWay,
});
const FLIP = (file: string, offset: string) =>
  `f=${file}; printf '\\377\\000\\377\\000' | dd of="$f" bs=1 seek=${offset} conv=notrunc 2>/dev/null; sync`;
const damage = (script: string) => {
  const { fault, ...more } = damagedWhileOff(script);
  return [fault, more] as const;
};

export const DISKS: readonly Scenario[] = rows([
  [
    'D2-data-full-master',
    'master',
    'settles',
    'the Master’s data volume is full',
    'the ballast is given back, or the Master hands over; no crash loop',
    ({ cluster, target }) => fill(cluster, target, 'data'),
    { repair: emptied('data'), ...anyWay },
  ],
  [
    'D3-state-full-master',
    'master',
    'settles',
    'the Master’s state volume (consensus log, journal) is full',
    'it hands over',
    ({ cluster, target }) => fill(cluster, target, 'state'),
    { repair: emptied('state'), ...anyWay },
  ],
  [
    'D3-state-full-standby',
    'standby',
    'settles',
    'the Standby’s state volume is full',
    'the Master goes on',
    ({ cluster, target }) => fill(cluster, target, 'state'),
    { repair: emptied('state'), ...anyWay },
  ],
  [
    'D4-both-full',
    'master',
    'settles',
    'both data volumes are full for 6 s',
    'afterwards as before; no ping-pong',
    async ({ cluster }) => {
      await Promise.all([fill(cluster, 'a', 'data'), fill(cluster, 'b', 'data')]);
      await delay(6_000);
      await Promise.all([empty(cluster, 'a', 'data'), empty(cluster, 'b', 'data')]);
    },
    { repair: allOn, ...anyWay },
  ],
  [
    'D5-data-read-only',
    'master',
    'other-serves',
    'the data volume becomes read-only',
    'found by the volume’s probe: hand-over',
    ({ cluster, target }) => readOnly(cluster, target, 'data'),
    { repair: reboot, ...anyWay },
  ],
  [
    'D5-state-read-only',
    'master',
    'other-serves',
    'the state volume becomes read-only',
    'a leader that cannot write its log yields',
    ({ cluster, target }) => readOnly(cluster, target, 'state'),
    { repair: reboot, ...anyWay },
  ],
  [
    'D6-state-eio',
    'master',
    'other-serves',
    'EIO on the state volume',
    'an error of fsync ends the process; nothing is tried again',
    ({ cluster, target }) => eio(cluster, target, 'state'),
    { repair: reboot, ...anyWay },
  ],
  [
    'D6-state-eio-standby',
    'standby',
    'settles',
    'EIO on the Standby’s state volume',
    'the Master goes on',
    ({ cluster, target }) => eio(cluster, target, 'state'),
    { repair: reboot, ...anyWay },
  ],
  ['D7-data-stall-1s', 'master', 'settles', 'the data volume stalls for 1 s', 'waited out', stallFor('data', 1_000)],
  [
    'D7-data-stall-30s',
    'master',
    'other-serves',
    'the data volume stalls',
    'hang found by the probe: hand-over',
    ({ cluster, target }) => stall(cluster, target, 'data'),
    { repair: ({ cluster, target }) => unstall(cluster, target, 'data'), ...anyWay },
  ],
  [
    'D7-state-stall',
    'master',
    'other-serves',
    'the state volume stalls',
    'a leader whose log does not reach the disk yields',
    ({ cluster, target }) => stall(cluster, target, 'state'),
    { repair: ({ cluster, target }) => unstall(cluster, target, 'state'), ...anyWay },
  ],
  [
    'D7-standby-stall',
    'standby',
    'goes-on',
    'the Standby’s data volume stalls',
    'no flush is confirmed: solo by the rules',
    ({ cluster, target }) => stall(cluster, target, 'data'),
    { repair: ({ cluster, target }) => unstall(cluster, target, 'data'), ...anyWay },
  ],
  [
    'D11-bit-flip-log',
    'standby',
    'goes-on',
    'a bit flip in the consensus log',
    'found by its CRC: identity lost, back as a learner',
    ...damage(`for f in "$STATE"/raft/*; do [ -f "$f" ] && ${FLIP('"$f"', '$(( $(stat -c %s "$f") / 2 ))')}; done; true`),
  ],
  [
    'D12-bit-flip-heap',
    'standby',
    'goes-on',
    'a bit flip in a table’s page',
    'found by its checksum: rebuilt',
    ...damage(`f=$(find "$DATA"/pgdata/base -type f -size +16k | sort | tail -1); ${FLIP('"$f"', '9000')}`),
  ],
  [
    'D15-permissions',
    'standby',
    'goes-on',
    'PGDATA has lost its permissions',
    'put right or rebuilt, and named',
    ...damage('chmod 000 "$DATA"/pgdata'),
  ],
  [
    'D16-log-wiped',
    'standby',
    'goes-on',
    'the consensus log is gone',
    'back as a learner under a new id',
    ...damage('rm -rf "$STATE"/raft'),
  ],
  ['D17-pgdata-wiped', 'standby', 'goes-on', 'PGDATA is gone', 'rebuilt by a base backup', ...damage('rm -rf "$DATA"/pgdata')],
  [
    'D18-pg-control',
    'standby',
    'goes-on',
    'pg_control is damaged',
    'rebuilt by a base backup',
    ...damage(FLIP('"$DATA"/pgdata/global/pg_control', '40')),
  ],
  [
    'D19-wal-missing',
    'standby',
    'goes-on',
    'WAL segments are missing',
    'rebuilt, or fetched again',
    ...damage('find "$DATA"/pgdata/pg_wal -maxdepth 1 -type f -name "0*" -delete'),
  ],
  [
    'D20-stale-file',
    'standby',
    'goes-on',
    'an old copy of a table’s file is put in place of the new one',
    'rebuilt when a checksum or the WAL tells',
    ...damage(
      'f=$(find "$DATA"/pgdata/base -type f -size +16k | sort | tail -1); head -c 8192 "$f" > /tmp/lab-page; dd if=/tmp/lab-page of="$f" conv=notrunc 2>/dev/null; sync',
    ),
  ],
]);
