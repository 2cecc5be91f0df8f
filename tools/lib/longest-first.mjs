import { BaseSequencer } from 'vitest/node';

/**
 * Files that take longest, as measured, longest first: what begins last ends last, and a worker beside it has nothing left to do. On a
 * fresh clone vitest knows sizes only, and a short file may start a cluster.
 */
const LONG = [
  'test/e2e/src/console/looks.spec.ts',
  'apps/cli/src/restore.spec.ts',
  'apps/cli/src/recover.spec.ts',
  'apps/cli/src/dr.spec.ts',
  'libs/host-control/src/backup/s3.spec.ts',
  'test/e2e/src/console/jobs.spec.ts',
  'test/e2e/src/console/everyday.spec.ts',
  'libs/host-control/src/backup/backup.spec.ts',
  'test/e2e/src/console/dashboards.spec.ts',
  'test/e2e/src/console/upkeep.spec.ts',
  'test/e2e/src/console/watching.spec.ts',
  'libs/host-control/src/recover/causes.spec.ts',
  'libs/host-control/src/major/upgrade.spec.ts',
  'libs/host-control/src/postgres/stopped-processes.spec.ts',
  'apps/manager/src/self/self-monitoring.spec.ts',
  'apps/receiver/src/senders.spec.ts',
  'libs/failover/src/table.spec.ts',
  'libs/operations/src/jobs/properties.spec.ts',
  'libs/journal/src/sealed.spec.ts',
  'libs/journal/src/receiver-journal.spec.ts',
  'apps/manager/src/mibs/mibs.spec.ts',
  'test/sim/src/jobs/jobs.spec.ts',
];

export class LongestFirst extends BaseSequencer {
  async sort(files) {
    const place = ({ moduleId }) => {
      const at = LONG.findIndex((file) => moduleId.endsWith(`/${file}`));
      return at === -1 ? LONG.length : at;
    };
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((project) =>
      sorted.filter((file) => file.project === project).toSorted((a, b) => place(a) - place(b)),
    );
  }
}
