import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  createFencePort,
  createHooks,
  createPostgresHost,
  createRecoverStore,
  createVipDriver,
  startDeadMan,
  startHostWatch,
} from '@yosugara/host-control';
import { planBranch } from '@yosugara/journal';
import { type Clock, explain, type Log, type NodeId, nodeId } from '@yosugara/kernel';
import { type NodeConfig, type RoleNotice, STATE_LAYOUT } from '@yosugara/protocol';
import {
  type BranchOrder,
  ControllerDriver,
  controllerConfig,
  type DriverPorts,
  LEAVE_MASTER_MS,
  type PostgresPeer,
  type StopProofMessage,
} from '@yosugara/runtime';
import { createMailbox, verifyFrom } from '@yosugara/transport';
import { loadConfig } from './config.js';
import { openConsensus } from './consensus-disk.js';
import { ControlServer } from './control-server.js';
import { createLog } from './logging.js';
import { StatusServer } from './status-server.js';
import { SupersededFile } from './superseded-file.js';
import { TaughtMark } from './taught-mark.js';
import { traceFile } from './trace-file.js';

const STOP_BUDGET_MS = 5_000;
const VIP_RETRY_MS = 100;

/** CLOCK_MONOTONIC, which every process of this host shares. */
const clock: Clock = { monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000, wallMs: () => Date.now() };

async function run(config: NodeConfig, configPath: string, log: Log): Promise<void> {
  const boot = randomBytes(6).toString('hex');
  const self = config.cluster.members.find((member) => member.id === config.node)!;
  const stateDir = config.stateDir;
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  // The lock in the consensus directory refuses a second controller of the same identity.
  const taught = new TaughtMark(stateDir);
  const raftDir = join(stateDir, STATE_LAYOUT.raft);
  const { disk, restored, damaged, branched } = await openConsensus(raftDir, nodeId(config.node), taught, log);
  const supersededFile = new SupersededFile(stateDir);
  if (branched) supersededFile.clear();
  const superseded = supersededFile.read();
  const controller = {
    ...controllerConfig(config, boot),
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
  const mailbox = createMailbox({
    self: nodeId(config.node),
    clusterId: config.cluster.id,
    listen: { address: self.address, port: config.ports.cluster },
    privateKey: Buffer.from(readFileSync(join(stateDir, STATE_LAYOUT.secrets.identity), 'utf8').trim(), 'base64'),
    peers: config.cluster.members
      .filter((member) => member.id !== config.node)
      .map((member) => ({ id: nodeId(member.id), address: member.address, port: config.ports.cluster, peerId: member.peerId })),
    log,
  });
  const watch = startHostWatch({ config, log });
  let control: ControlServer | null = null;
  let vipWanted = false;
  const trace = traceFile(process.env, log);
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
    peers: new Map<NodeId, PostgresPeer>(
      config.cluster.members.map((member) => [
        nodeId(member.id),
        { node: nodeId(member.id), address: member.address, port: config.ports.postgres },
      ]),
    ),
    ...surroundings,
    ...(host === null ? {} : { recover: createRecoverStore(join(stateDir, STATE_LAYOUT.recover)) }),
    onNotice: (notice: RoleNotice) => {
      if (notice.epoch > 0) taught.set();
      vipWanted = notice.vip;
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
    restored,
  );
  const status = new StatusServer(driver, async (proof) => await verifyProof(config, proof), log);
  await status.listen(self.address, config.ports.status);
  control = new ControlServer(driver, log, ports.fence ?? null);
  await control.listen(join(stateDir, STATE_LAYOUT.controlSocket));
  await driver.start();
  log.info('controller.started', {
    node: config.node,
    boot,
    profile: config.cluster.profile,
    stopProofs: config.cluster.stopProofs,
    deadMan: host?.deadMan.arming() ?? 'none',
  });
  const vip = config.cluster.vip;
  const vipTimer = setInterval(() => void followVip(status, vip?.address, config.ports.status, () => vipWanted), VIP_RETRY_MS);

  const end = async (signal: string): Promise<void> => {
    if (ending) return;
    ending = true;
    log.info('controller.stopping', { signal });
    setTimeout(() => process.exit(71), LEAVE_MASTER_MS + STOP_BUDGET_MS + 3_000).unref();
    // A planned stop is a hand-over: everything still runs while the others take over.
    await driver.leave();
    clearInterval(vipTimer);
    await driver.stop();
    await host?.vip.release().catch((cause: unknown) => log.warn('vip.release', { why: explain(cause) }));
    // With its dead man gone nobody else would stop the manager and what holds the VIP.
    if (host?.deadMan.arming() === 'none') {
      const proved = await host.deadMan.killEverything(STOP_BUDGET_MS);
      log.warn('controller.killed', { proved });
    }
    host?.deadMan.wantManager(false);
    await host?.postgres
      .stop('fast', STOP_BUDGET_MS)
      .catch((cause: unknown) => log.warn('postgres.stop', { why: explain(cause) }));
    await control?.close();
    await status.close();
    await host?.postgres.close();
    await host?.deadMan.close();
    await watch.close();
    await disk.close();
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

async function openHost(
  config: NodeConfig,
  configPath: string,
  boot: string,
  log: Log,
): Promise<NonNullable<DriverPorts['host']>> {
  const program = join(import.meta.dirname, '../../manager/dist/main.js');
  const manager = existsSync(program)
    ? {
        argv: [process.execPath, program, '--config', configPath],
        env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production' },
        cwd: '/',
        logFile: join(config.stateDir, STATE_LAYOUT.logs, 'manager.log'),
      }
    : undefined;
  const deadMan = await startDeadMan({ config, bootId: boot, log, clock, ...(manager === undefined ? {} : { manager }) });
  const postgres = createPostgresHost({ config, deadMan, log, clock });
  return { deadMan, postgres, vip: createVipDriver(config, { log }) };
}

/** The other members' power, and the operator's hooks: what is configured of them. @throws FenceError, YosugaraError HOOK_PROGRAM. */
async function openSurroundings(config: NodeConfig, log: Log): Promise<Pick<DriverPorts, 'fence' | 'hooks'>> {
  const { hooks, members } = config.cluster;
  const hooked = hooks.beforePromotion !== undefined || hooks.afterPromotion !== undefined;
  const fenced = members.some((member) => member.id !== config.node && member.fence !== undefined);
  return {
    ...(hooked ? { hooks: createHooks(config, log) } : {}),
    ...(fenced ? { fence: await createFencePort({ config, log, clock }) } : {}),
  };
}

async function verifyProof(config: NodeConfig, proof: StopProofMessage): Promise<boolean> {
  const member = config.cluster.members.find((known) => known.id === proof.node);
  if (member === undefined) return false;
  const said = `yosugara-p1|${config.cluster.id}|${proof.node}|${proof.epoch}|${proof.bootId}|${proof.atWallMs}`;
  return verifyFrom(member.peerId, new TextEncoder().encode(said), Buffer.from(proof.signature, 'base64'));
}

let followingVip = false;
/** The load balancer may ask at the VIP, too: the endpoint is there exactly while this node holds it. */
async function followVip(status: StatusServer, address: string | undefined, port: number, wanted: () => boolean): Promise<void> {
  if (address === undefined || followingVip || wanted() === status.listensOn(address)) return;
  followingVip = true;
  try {
    if (wanted()) await status.listen(address, port);
    else await status.unlisten(address);
  } catch {
    // Not yet on this host, or still bound by its last holder: asked again in a moment.
  } finally {
    followingVip = false;
  }
}

const { values } = parseArgs({ options: { config: { type: 'string' } } });
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
