import type { FenceDeviceConfig } from '@yosugara/protocol';
import { type BoundedEnd, runBounded } from '../os/bounded.js';
import { sayOf } from './agent.js';
import type { DeviceContext, DeviceOrder, DeviceStatus, PowerDevice } from './device.js';
import { readSecrets, redact } from './secrets.js';

/**
 * An operator's own program: called with `off|on|status <node>`, options and secrets as name=value lines on standard input.
 * Exit 0: done. `status` prints `on` or `off` as its last line; anything else is unknown.
 */
export class CommandDevice implements PowerDevice {
  readonly method = 'command';
  readonly name: string;
  readonly timeoutMs: number;
  readonly offMs: number;
  readonly #config: FenceDeviceConfig;
  readonly #context: DeviceContext;

  constructor(config: FenceDeviceConfig, context: DeviceContext) {
    this.name = config.name;
    this.timeoutMs = config.timeoutMs;
    this.offMs = config.offMs;
    this.#config = config;
    this.#context = context;
  }

  async order(action: 'off' | 'on', signal: AbortSignal): Promise<DeviceOrder> {
    const { end, says } = await this.#run(action, signal);
    return { accepted: end?.code === 0, says };
  }

  async status(signal: AbortSignal): Promise<DeviceStatus> {
    const { end, says } = await this.#run('status', signal);
    const word = end?.kind === 'ended' && end.code === 0 ? end.stdout.trimEnd().split('\n').at(-1) : undefined;
    return { power: word === 'on' || word === 'off' ? word : 'unknown', says };
  }

  async #run(verb: 'off' | 'on' | 'status', signal: AbortSignal): Promise<{ end: BoundedEnd | null; says: string }> {
    const deadlineMs = this.timeoutMs;
    let secrets: Record<string, string>;
    try {
      secrets = await readSecrets(this.#config, this.#context.stateDir);
    } catch (error) {
      return { end: null, says: (error as Error).message };
    }
    const lines = Object.entries({ ...this.#config.options, ...secrets }).map(([name, value]) => `${name}=${value}\n`);
    const end = await runBounded({
      program: this.#config.program,
      args: [verb, this.#context.target],
      input: lines.join(''),
      deadlineMs,
      signal,
    });
    return { end, says: redact(sayOf(end, deadlineMs), secrets) };
  }
}
