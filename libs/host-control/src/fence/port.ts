import { join } from 'node:path';
import type { FenceHealth } from '@yosugara/failover';
import { type Clock, type Log, type NodeId, nodeId } from '@yosugara/kernel';
import type { FenceDeviceConfig, NodeConfig } from '@yosugara/protocol';
import type { FencePort, FenceResult } from '@yosugara/runtime';
import { agentDevice } from './agent.js';
import { commandDevice } from './command.js';
import type { PowerDevice } from './device.js';
import { switchLevel } from './level.js';
import { OffTimes } from './off-times.js';
import { agentOptions, checkOptions, checkWriting, findProgram } from './programs.js';
import { checkSecrets } from './secrets.js';

export interface FencePortOptions {
  readonly config: NodeConfig;
  readonly log: Log;
  readonly clock: Clock;
}

interface Order {
  readonly to: 'off' | 'on';
  readonly result: Promise<FenceResult>;
  readonly wantedBy: (signal: AbortSignal | undefined) => void;
}
type Levels = readonly (readonly PowerDevice[])[];

/** It goes into the cluster record and to every member: a device's words are cut, never the record's life. */
const MAX_EVIDENCE_CHARS = 800;

/**
 * The power devices of all other members, as configured.
 * @throws FenceError — a device that could never work: no such program, an option its agent does not know, a secret that cannot be read.
 */
export async function createFencePort(options: FencePortOptions): Promise<FencePort> {
  const { config } = options;
  const described = new Map<string, Promise<ReadonlySet<string> | null>>();
  const open = async (target: NodeId, device: FenceDeviceConfig): Promise<PowerDevice> => {
    checkWriting(device);
    const path = findProgram(device);
    checkSecrets(device, config.stateDir);
    const context = { target, stateDir: config.stateDir };
    if (device.driver === 'command') return commandDevice(device, context);
    if (!described.has(path)) described.set(path, agentOptions(path));
    const known = await described.get(path)!;
    if (known === null)
      options.log.warn('fence.undescribed', { device: device.name, effect: `options of ${path} are not checked` });
    else checkOptions(device, known);
    return agentDevice(device, path, context);
  };
  const levels = new Map<NodeId, Levels>();
  for (const member of config.cluster.members) {
    if (member.id === config.node || member.fence === undefined) continue;
    const target = nodeId(member.id);
    const opened = member.fence.map((level) => Promise.all(level.map((device) => open(target, device))));
    levels.set(target, await Promise.all(opened));
  }
  return new Fences(levels, options);
}

class Fences implements FencePort {
  readonly targets: readonly NodeId[];
  readonly #levels: ReadonlyMap<NodeId, Levels>;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #times: OffTimes;
  readonly #ending = new AbortController();
  /** What is going on at a target: one order at a time, whoever else wants the same joins it. */
  readonly #orders = new Map<NodeId, Order>();
  readonly #checks = new Map<NodeId, Promise<FenceHealth>>();

  constructor(levels: ReadonlyMap<NodeId, Levels>, { config, log, clock }: FencePortOptions) {
    this.targets = [...levels.keys()];
    this.#levels = levels;
    this.#log = log;
    this.#clock = clock;
    this.#times = new OffTimes(join(config.stateDir, 'fence.json'), log);
  }

  async off(target: NodeId, options: { readonly signal?: AbortSignal } = {}): Promise<FenceResult> {
    return await this.#order(target, 'off', options.signal);
  }

  async on(target: NodeId): Promise<FenceResult> {
    return await this.#order(target, 'on');
  }

  async check(target: NodeId): Promise<FenceHealth> {
    const running = this.#checks.get(target);
    if (running !== undefined) return await running;
    const check = this.#check(target).finally(() => this.#checks.delete(target));
    this.#checks.set(target, check);
    return await check;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled([...this.#orders.values()].map(({ result }) => result));
    await Promise.allSettled(this.#checks.values());
    await this.#times.close();
  }

  async #order(target: NodeId, to: 'off' | 'on', signal?: AbortSignal): Promise<FenceResult> {
    for (let running = this.#orders.get(target); running !== undefined; running = this.#orders.get(target)) {
      if (running.to !== to) {
        await running.result;
        continue;
      }
      // Whoever joins wants it, too: it is called off only when nobody wants it any more.
      running.wantedBy(signal);
      return await running.result;
    }
    const callOff = new AbortController();
    let wanting = 0;
    const wantedBy = (by: AbortSignal | undefined): void => {
      wanting += 1;
      const leave = () => {
        wanting -= 1;
        if (wanting === 0) callOff.abort();
      };
      if (by?.aborted === true) leave();
      else by?.addEventListener('abort', leave, { once: true });
    };
    wantedBy(signal);
    const stop = AbortSignal.any([this.#ending.signal, callOff.signal]);
    const result = this.#switch(target, to, stop).finally(() => this.#orders.delete(target));
    this.#orders.set(target, { to, result, wantedBy });
    return await result;
  }

  async #switch(target: NodeId, to: 'off' | 'on', stop: AbortSignal): Promise<FenceResult> {
    const begun = performance.now();
    const levels = this.#levels.get(target) ?? [];
    const method = (devices: readonly PowerDevice[]) => devices.map((device) => device.method).join(' + ');
    const end = (power: FenceResult['power'], by: string, evidence: string): FenceResult => {
      const result = { power, method: by, evidence: cut(evidence), tookMs: Math.round(performance.now() - begun) };
      this.#log[power === to ? 'info' : 'error'](`fence.${to}`, { target, ...result });
      return result;
    };
    if (levels.length === 0) return end('unknown', 'none', `${target} has no power device`);
    const passed: string[] = [];
    let done: readonly PowerDevice[] | null = null;
    // Off: the first level that is wholly off is enough. On: all of them, for each may have cut something before it was given up;
    // the last first, since it may feed the controllers of those before it.
    for (const [at, devices] of to === 'off' ? [...levels.entries()] : [...levels.entries()].reverse()) {
      if (stop.aborted) {
        const why = this.#ending.signal.aborted ? 'the controller is ending' : 'nobody wants it any more';
        return end('unknown', method(devices), [...passed, `level ${at + 1} was not asked: ${why}`].join('. '));
      }
      const { reached, devices: results } = await switchLevel(devices, to, stop);
      passed.push(`level ${at + 1} of ${levels.length}: ${results.map(({ says }) => says).join('; ')}`);
      if (reached) done = devices;
      if (to === 'on') continue;
      for (const { device, reached: off, tookMs } of results) if (off) this.#times.measured(target, device.name, tookMs);
      if (reached) break;
    }
    if (done !== null) return end(to, method(done), passed.join('. '));
    return end('unknown', levels.map(method).join(', '), passed.join('. '));
  }

  async #check(target: NodeId): Promise<FenceHealth> {
    // A device is not asked while it switches: some boards take one session at a time.
    await this.#orders.get(target)?.result;
    const levels = this.#levels.get(target) ?? [];
    const looked = await Promise.all(
      levels.map(async (devices) => {
        const answers = await Promise.all(devices.map((device) => device.status(this.#ending.signal)));
        return devices.map((device, at) => ({ device, ...answers[at]! }));
      }),
    );
    const firstWhole = looked.findIndex((level) => level.every(({ power }) => power !== 'unknown'));
    const says = looked.map((level, at) => {
      const devices = level.map(({ device, power, says: said }) =>
        power === 'unknown' ? `${device.name} (${device.method}) cannot be read: ${said}` : `${device.name} reads ${power}`,
      );
      return `level ${at + 1}: ${devices.join(', ')}`;
    });
    const health: FenceHealth = {
      target,
      healthy: firstWhole >= 0,
      offMs: this.#offMs(target, levels, firstWhole),
      atMs: this.#clock.monotonicMs(),
      says: cut(levels.length === 0 ? `${target} has no power device` : says.join('; ')),
    };
    if (!health.healthy) this.#log.warn('fence.unhealthy', { target, says: health.says });
    return health;
  }

  /** Until the first level that answers: those before it are given up at their deadline, its own takes as long as its slowest device. */
  #offMs(target: NodeId, levels: Levels, firstWhole: number): number {
    const slowest = (devices: readonly PowerDevice[]) =>
      Math.max(...devices.map((device) => Math.max(device.offMs, this.#times.of(target, device.name) ?? 0)));
    if (firstWhole < 0) return levels.reduce((sum, devices) => sum + slowest(devices), 0);
    const before = levels.slice(0, firstWhole).reduce((sum, devices) => sum + Math.max(...devices.map((d) => d.timeoutMs)), 0);
    return before + slowest(levels[firstWhole]!);
  }
}

const cut = (text: string): string => (text.length <= MAX_EVIDENCE_CHARS ? text : `${text.slice(0, MAX_EVIDENCE_CHARS - 1)}…`);
