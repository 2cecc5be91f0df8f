import { readFileSync } from 'node:fs';
import { type Epoch, SILENT_LOG } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { monotonicMs } from '../deadman/protocol.js';
import { startDeadMan } from '../deadman/start.js';
import type { WatchdogOverrides } from '../deadman/watchdog-plan.js';
import { createPostgresHost } from '../postgres/host.js';

/** Stands in for a controller that a test kills or freezes: argv: config file, `primary` or `standby`, epoch, lease in ms (0: none), manager argv as JSON, and a watchdog's stand-in as JSON if there is one. */
const [file, role, epoch, leaseMs, manager, watchdog] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string?,
];
const config = JSON.parse(readFileSync(file, 'utf8')) as NodeConfig;
const clock = { monotonicMs, wallMs: () => Date.now() };
const argv = JSON.parse(manager) as string[];
const deadMan = await startDeadMan({
  config,
  bootId: 'boot-stand-in',
  log: SILENT_LOG,
  clock,
  manager: { argv, env: { PATH: '/usr/bin:/bin' }, cwd: '/', logFile: `${config.stateDir}/logs/manager.log` },
  // As in a container, which has no control groups of its own.
  useGroups: process.env['STAND_IN_WITHOUT_GROUPS'] === undefined,
  ...(watchdog === undefined ? {} : { watchdog: JSON.parse(watchdog) as WatchdogOverrides }),
});
const postgres = createPostgresHost({ config, deadMan, log: SILENT_LOG, clock });
await postgres.initialise();
if (role === 'primary') await postgres.startPrimary([]);
else await postgres.startStandby(null);
const renew = () => {
  if (Number(leaseMs) > 0) deadMan.lease(monotonicMs() + Number(leaseMs), Number(epoch) as Epoch);
};
renew();
setInterval(renew, Number(leaseMs) / 4 || 1_000);
deadMan.wantManager(true);
const ready = setInterval(() => {
  if (deadMan.managerPid() === null) return;
  clearInterval(ready);
  process.stdout.write(
    `${JSON.stringify({ deadMan: deadMan.pid(), postmaster: deadMan.postmasterPid(), manager: deadMan.managerPid() })}\n`,
  );
}, 20);
