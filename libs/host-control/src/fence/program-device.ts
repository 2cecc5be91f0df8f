import type { FenceDeviceConfig } from '@yosugara/protocol';
import { type BoundedEnd, lastLine, runBounded } from '../os/bounded.js';
import type { DeviceContext, DeviceOrder, DeviceStatus, Power, PowerDevice } from './device.js';
import { readSecrets, redact } from './secrets.js';

export type Verb = 'off' | 'on' | 'status';
export type Option = readonly [name: string, value: string | number | boolean];

/** How one kind of program is asked, and what its answer to `status` means. */
export interface Dialect {
  readonly method: string;
  readonly program: string;
  args(verb: Verb): readonly string[];
  /** `options` with the secrets among them: they go to standard input, never into argv or the environment. */
  input(verb: Verb, options: readonly Option[]): string;
  powerOf(end: BoundedEnd | null): Power;
}

/** A power device behind a program that exits 0 when it took an order. */
export class ProgramDevice implements PowerDevice {
  readonly name: string;
  readonly method: string;
  readonly timeoutMs: number;
  readonly offMs: number;
  readonly #config: FenceDeviceConfig;
  readonly #context: DeviceContext;
  readonly #dialect: Dialect;

  constructor(config: FenceDeviceConfig, context: DeviceContext, dialect: Dialect) {
    this.name = config.name;
    this.method = dialect.method;
    this.timeoutMs = config.timeoutMs;
    this.offMs = config.offMs;
    this.#config = config;
    this.#context = context;
    this.#dialect = dialect;
  }

  async order(action: 'off' | 'on', signal: AbortSignal): Promise<DeviceOrder> {
    const { end, says } = await this.#run(action, signal);
    return { accepted: end?.code === 0, says };
  }

  async status(signal: AbortSignal): Promise<DeviceStatus> {
    const { end, says } = await this.#run('status', signal);
    return { power: this.#dialect.powerOf(end), says };
  }

  async #run(verb: Verb, signal: AbortSignal): Promise<{ end: BoundedEnd | null; says: string }> {
    const deadlineMs = this.timeoutMs;
    let secrets: Record<string, string>;
    try {
      secrets = await readSecrets(this.#config, this.#context.stateDir);
    } catch (error) {
      return { end: null, says: (error as Error).message };
    }
    const { program } = this.#dialect;
    const args = this.#dialect.args(verb);
    const input = this.#dialect.input(verb, Object.entries({ ...this.#config.options, ...secrets }));
    const end = await runBounded({ program, args, input, deadlineMs, signal });
    return { end, says: redact(sayOf(end, deadlineMs), secrets) };
  }
}

function sayOf(end: BoundedEnd, deadlineMs: number): string {
  if (end.kind === 'late') return `no answer within ${deadlineMs} ms`;
  if (end.kind === 'stopped') return 'called off while it was being asked';
  if (end.kind === 'failed') return `could not be run: ${end.why}`;
  const words = end.code === 0 ? end.stdout : `${end.stdout}\n${end.stderr}`;
  const said = lastLine({ ...end, stdout: words, stderr: '' }).replace(/^[\d-]+ [\d:,]+ (ERROR|WARNING): /, '');
  return said === '' ? `exit ${end.code}, without a word` : said;
}
