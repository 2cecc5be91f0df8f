import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFencePort, createHooks, createPostgresHost, createVipDriver, startDeadMan } from '@yosugara/host-control';
import { keyEnvironment } from '@yosugara/host-control/keys';
import { type Clock, type Log, type NodeId, nodeId, THREAD_POOL } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import type { DriverPorts, PostgresPeer, StopProofMessage } from '@yosugara/runtime';
import { createMailbox, type MemberMailbox, verifyFrom } from '@yosugara/transport';

/** CLOCK_MONOTONIC, which every process of this host shares. */
export const clock: Clock = { monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000, wallMs: () => Date.now() };

/** What a member with data runs on its host: the dead man and the manager that it holds, PostgreSQL's hands, the VIP. */
export async function openHost(
  config: NodeConfig,
  configPath: string,
  boot: string,
  log: Log,
): Promise<NonNullable<DriverPorts['host']>> {
  const program = join(import.meta.dirname, '../../manager/dist/main.js');
  const manager = existsSync(program)
    ? {
        argv: [process.execPath, program, '--config', configPath],
        env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...THREAD_POOL, ...keyEnvironment(process.env) },
        cwd: '/',
        logFile: join(config.stateDir, STATE_LAYOUT.logs, 'manager.log'),
      }
    : undefined;
  const deadMan = await startDeadMan({ config, bootId: boot, log, clock, ...(manager === undefined ? {} : { manager }) });
  const postgres = createPostgresHost({ config, deadMan, log, clock });
  return { deadMan, postgres, vip: createVipDriver(config, { log }) };
}

/** The other members' power, and the operator's hooks: what is configured of them. @throws FenceError, YosugaraError HOOK_PROGRAM. */
export async function openSurroundings(config: NodeConfig, log: Log): Promise<Pick<DriverPorts, 'fence' | 'hooks'>> {
  const { hooks, members } = config.cluster;
  const hooked = hooks.beforePromotion !== undefined || hooks.afterPromotion !== undefined;
  const fenced = members.some((member) => member.id !== config.node && member.fence !== undefined);
  return {
    ...(hooked ? { hooks: createHooks(config, log) } : {}),
    ...(fenced ? { fence: await createFencePort({ config, log, clock }) } : {}),
  };
}

export function openMailbox(config: NodeConfig, log: Log): MemberMailbox {
  const others = config.cluster.members.filter((member) => member.id !== config.node);
  const self = config.cluster.members.find((member) => member.id === config.node)!;
  return createMailbox({
    self: nodeId(config.node),
    clusterId: config.cluster.id,
    listen: { address: self.address, port: config.ports.cluster },
    privateKey: Buffer.from(readFileSync(join(config.stateDir, STATE_LAYOUT.secrets.identity), 'utf8').trim(), 'base64'),
    peers: others.map(({ id, address, peerId }) => ({ id: nodeId(id), address, port: config.ports.cluster, peerId })),
    log,
  });
}

export const postgresPeers = (config: NodeConfig): ReadonlyMap<NodeId, PostgresPeer> =>
  new Map(
    config.cluster.members.map(({ id, address }) => [nodeId(id), { node: nodeId(id), address, port: config.ports.postgres }]),
  );

/** Signed by that member's own key. */
export async function verifyProof(config: NodeConfig, proof: StopProofMessage): Promise<boolean> {
  const member = config.cluster.members.find((known) => known.id === proof.node);
  if (member === undefined) return false;
  const said = `yosugara-p1|${config.cluster.id}|${proof.node}|${proof.epoch}|${proof.bootId}|${proof.atWallMs}`;
  return verifyFrom(member.peerId, new TextEncoder().encode(said), Buffer.from(proof.signature, 'base64'));
}
