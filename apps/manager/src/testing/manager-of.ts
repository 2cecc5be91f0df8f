import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostKeyRing } from '@yosugara/host-control/keys';
import { SILENT_LOG } from '@yosugara/kernel';
import { WATCHES } from '@yosugara/operations';
import { type NodeConfig, type ReceiversAnswer, STATE_LAYOUT } from '@yosugara/protocol';
import { freePort } from '@yosugara/testkit';
import type { ManagerConfig } from '../config.js';
import { openParts } from '../parts.js';
import { type ManagerParts, startManager } from '../start.js';
import { FakeController } from './fake-controller.js';
import { type Answer, ask, type CallOptions, type Method, PROBE_TOKEN } from './harness.js';

export interface NodeManager {
  readonly controller: FakeController;
  readonly url: string;
  /** The answer's body, or it throws. */
  get<T>(path: string): Promise<T>;
  call(method: Method, path: string, how?: CallOptions): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * The manager of a node whose receiver runs, as `main.ts` puts it together.
 * @param receivers what a controller would say of them. @param firstLogin whoever may log in before anybody else; null: nobody.
 * @param more tls: the console speaks https with these.
 */
export async function managerOf(
  config: NodeConfig,
  address: string,
  postgres: { readonly host: string; readonly port: number },
  receivers: () => ReceiversAnswer | null,
  consolePort?: number,
  firstLogin: ManagerConfig['secrets']['firstLogin'] = null,
  {
    keys,
    tls,
    ...more
  }: Pick<ManagerParts, 'capacityEveryMs'> & {
    readonly keys?: HostKeyRing;
    readonly tls?: NonNullable<ManagerConfig['tls']>;
  } = {},
): Promise<NodeManager> {
  const { node, stateDir } = config;
  mkdirSync(join(stateDir, 'console'), { recursive: true });
  writeFileSync(join(stateDir, 'console', 'index.html'), '<html></html>');
  const { host, port } = postgres;
  const managing: ManagerConfig = {
    ...{ node, address, vip: null, port: consolePort ?? (await freePort()), stateDir, config: quiet(config) },
    controlSocket: join(stateDir, STATE_LAYOUT.controlSocket),
    staticDir: join(stateDir, 'console'),
    postgres: { host, port, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null },
    secrets: { sessionKey: Buffer.alloc(32, 7), probeToken: PROBE_TOKEN, firstLogin },
    ...(keys === undefined ? {} : { keys }),
    ...(tls === undefined ? {} : { tls }),
  };
  const controller = new FakeController(managing.controlSocket, node);
  await controller.listen();
  const manager = await startManager({ ...(await openParts(managing, SILENT_LOG)), ...more, onOff: () => undefined });
  const url = `${tls === undefined ? 'http' : 'https'}://${address}:${managing.port}`;
  const call: NodeManager['call'] = async (method, path, how = {}) => {
    controller.receivers = receivers();
    return await ask(`${url}${path}`, method, { bearer: PROBE_TOKEN, ...how });
  };
  const get = async <T>(path: string): Promise<T> => {
    const { status, body } = await call('GET', path);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body as T;
  };
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    await manager.stop();
    await controller.close();
  };
  return { controller, url, get, call, stop: async () => await (stopping ??= stop()) };
}

/** How full this machine is must not make events in specs of something else: everything is watched, nothing told, unless the spec says what. */
export function quiet(config: NodeConfig): NodeConfig {
  const { selfMonitoring } = config;
  if (Object.keys(selfMonitoring.limits).length > 0) return config;
  return { ...config, selfMonitoring: { ...selfMonitoring, limits: Object.fromEntries(WATCHES.map(({ id }) => [id, {}])) } };
}
