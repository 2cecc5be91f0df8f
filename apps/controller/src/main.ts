import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createRecoverStore, startHostWatch, versionLine, versionOf } from '@yosugara/host-control';
import { serviceManager } from '@yosugara/host-control/service-manager';
import { planBranch } from '@yosugara/journal';
import { explain, type Log, nodeId } from '@yosugara/kernel';
import { type NodeConfig, type RoleNotice, STATE_LAYOUT } from '@yosugara/protocol';
import { type BranchOrder, ControllerDriver, controllerConfig, type DriverPorts } from '@yosugara/runtime';
import { startCertificates } from './certificates/start.js';
import { loadConfig } from './config.js';
import { openConsensus } from './consensus-disk.js';
import { ControlServer } from './control-server.js';
import { END_WITHIN_MS, endInOrder } from './ending.js';
import { createLog } from './logging.js';
import { clock, openHost, openMailbox, openSurroundings, postgresPeers, verifyProof } from './parts.js';
import { PeerStamps } from './peer-stamps.js';
import { SiteLossWatch } from './site-loss.js';
import { StatusServer } from './status-server.js';
import { SupersededFile } from './superseded-file.js';
import { TaughtMark } from './taught-mark.js';
import { traceFile } from './trace-file.js';
import { VipEndpoint } from './vip-endpoint.js';
import { demandVoters } from './voters.js';

const ROOT = join(import.meta.dirname, '../../..');

async function run(config: NodeConfig, configPath: string, log: Log): Promise<void> {
  const boot = randomBytes(6).toString('hex');
  const self = config.cluster.members.find((member) => member.id === config.node)!;
  const stateDir = config.stateDir;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  // The lock in the consensus directory refuses a second controller of the same identity.
  const taught = new TaughtMark(stateDir);
  const raftDir = join(stateDir, STATE_LAYOUT.raft);
  const { disk, restored, damaged, branched } = await openConsensus(raftDir, nodeId(config.node), taught, log);
  demandVoters(restored, config);
  const supersededFile = new SupersededFile(stateDir);
  if (branched) supersededFile.clear();
  const superseded = supersededFile.read();
  const controller = {
    ...controllerConfig(config, boot),
    version: versionOf(ROOT),
    ...(damaged === null ? {} : { consensusDamaged: damaged }),
    ...(superseded === null ? {} : { superseded }),
  };
  let ending = false;
  const fatal = (why: string): void => {
    if (ending) return;
    log.error('controller.fatal', { why });
    // The pipe to the dead man closes with us: it stops PostgreSQL and the manager, proves it and tells the voters.
    process.exit(70);
  };
  // Before anything runs here: a power device that could never work is found now, not on the night it is needed.
  const surroundings = self.kind === 'witness' ? {} : await openSurroundings(config, log);
  const host = self.kind === 'witness' ? null : await openHost(config, configPath, boot, log);
  const mailbox = openMailbox(config, log);
  const watch = startHostWatch({ config, log });
  let control: ControlServer | null = null;
  let vipWanted = false;
  let serves = false;
  const certificates = await startCertificates({
    ...{ config, file: configPath, mailbox, log },
    isMaster: () => serves,
    agents: () => control?.agentsTrust ?? null,
  });
  const trace = traceFile(process.env, log);
  const stamps = new PeerStamps(join(stateDir, STATE_LAYOUT.peers), restored.branch ?? '', log);
  const ports: DriverPorts = {
    ...(trace === null ? {} : { trace }),
    clock,
    random: { next: () => Math.random() },
    log,
    disk,
    mailbox,
    host,
    watch,
    pid: process.pid,
    peers: postgresPeers(config),
    ...surroundings,
    ...(host === null ? {} : { recover: createRecoverStore(join(stateDir, STATE_LAYOUT.recover)) }),
    stamps,
    onNotice: (notice: RoleNotice) => {
      if (notice.epoch > 0) taught.set();
      vipWanted = notice.vip;
      serves = notice.mode === 'active';
      control?.notice(notice);
    },
    onLeave: (why) => void end(why),
    onBranch: (order) => void beginAnew(order),
    onSuperseded: (by) => supersededFile.write(by),
    onFatal: fatal,
  };
  const driver = new ControllerDriver(
    ports,
    controller,
    {
      clusterId: config.cluster.id,
      profile: config.cluster.profile,
      members: config.cluster.members,
      vip: config.cluster.vip ?? null,
    },
    { ...restored, stamps: stamps.load() },
  );
  const siteLoss = new SiteLossWatch(() => driver.status(), clock);
  const toldStatus = () => certificates.told(siteLoss.status());
  const status = new StatusServer(driver, (proof) => verifyProof(config, proof), log, toldStatus);
  await status.listen(self.address, config.ports.status);
  control = new ControlServer(driver, log, ports.fence ?? null, certificates.desk, toldStatus);
  await control.listen(join(stateDir, STATE_LAYOUT.controlSocket));
  await driver.start();
  siteLoss.start();
  const systemd = serviceManager();
  systemd.ready();
  log.info('controller.started', {
    node: config.node,
    boot,
    profile: config.cluster.profile,
    stopProofs: config.cluster.stopProofs,
    deadMan: host?.deadMan.arming() ?? 'none',
  });
  const endpoint = new VipEndpoint(status, config, () => vipWanted);

  const end = async (signal: string): Promise<void> => {
    if (ending) return;
    ending = true;
    log.info('controller.stopping', { signal });
    systemd.stopping();
    setTimeout(() => process.exit(71), END_WITHIN_MS).unref();
    certificates.stop();
    await endInOrder({ driver, host, control, status, endpoint, watch, disk }, log);
    await systemd.gone();
    process.exit(0);
  };
  /** The next start, by whoever keeps this process running, does it: nothing of this life goes on with another log. */
  const beginAnew = async (order: BranchOrder): Promise<void> => {
    try {
      await planBranch(raftDir, order);
    } catch (cause) {
      return fatal(`another consensus log cannot be begun: ${explain(cause)}`);
    }
    await end(`the consensus log ${order.branch} is begun`);
  };
  process.on('SIGTERM', () => void end('SIGTERM'));
  process.on('SIGINT', () => void end('SIGINT'));
}

const { values } = parseArgs({ options: { config: { type: 'string' }, version: { type: 'boolean', default: false } } });
if (values.version) {
  process.stdout.write(`${versionLine('yosugara-controller', ROOT)}\n`);
  process.exit(0);
}
const log = createLog('controller');
process.on('unhandledRejection', (cause) => {
  log.error('controller.unhandled', { why: explain(cause) });
  process.exit(70);
});
if (values.config === undefined) {
  process.stderr.write('controller: --config <yosugara.yaml> is missing\n');
  process.exit(2);
}
try {
  await run(loadConfig(values.config), resolve(values.config), log);
} catch (cause) {
  process.stderr.write(`controller: ${explain(cause)}\n`);
  process.exit(1);
}
