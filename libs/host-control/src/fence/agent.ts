import type { FenceDeviceConfig } from '@yosugara/protocol';
import { type BoundedEnd, lastLine, runBounded } from '../os/bounded.js';
import type { DeviceContext, DeviceOrder, DeviceStatus, PowerDevice } from './device.js';
import { readSecrets, redact } from './secrets.js';

/**
 * ClusterLabs fence agents (Debian package fence-agents; FenceAgentAPI.md of the project): options as name=value lines on standard
 * input; `off` and `on` exit 0, `status` exits 0 for on and 2 for off.
 */
export class AgentDevice implements PowerDevice {
  readonly name: string;
  readonly method: string;
  readonly timeoutMs: number;
  readonly offMs: number;
  readonly #config: FenceDeviceConfig;
  readonly #path: string;
  readonly #context: DeviceContext;

  constructor(config: FenceDeviceConfig, path: string, context: DeviceContext) {
    this.name = config.name;
    this.method = path.slice(path.lastIndexOf('/') + 1);
    this.timeoutMs = config.timeoutMs;
    this.offMs = config.offMs;
    this.#config = config;
    this.#path = path;
    this.#context = context;
  }

  async order(action: 'off' | 'on', signal: AbortSignal): Promise<DeviceOrder> {
    const { end, says } = await this.#run(action, signal);
    return { accepted: end?.code === 0, says };
  }

  async status(signal: AbortSignal): Promise<DeviceStatus> {
    const { end, says } = await this.#run('status', signal);
    return { power: powerOf(end), says };
  }

  async #run(action: 'off' | 'on' | 'status', signal: AbortSignal): Promise<{ end: BoundedEnd | null; says: string }> {
    const deadlineMs = this.timeoutMs;
    let secrets: Record<string, string>;
    try {
      secrets = await readSecrets(this.#config, this.#context.stateDir);
    } catch (error) {
      return { end: null, says: (error as Error).message };
    }
    const options = { ...this.#config.options, ...secrets, action };
    const input = Object.entries(options).map(([name, value]) => `${name}=${plain(value)}\n`);
    const end = await runBounded({ program: this.#path, args: [], input: input.join(''), deadlineMs, signal });
    return { end, says: redact(sayOf(end, deadlineMs), secrets) };
  }
}

/** Fence agents take 1 and 0; `true` would be an unknown word to some. */
const plain = (value: string | number | boolean): string => (typeof value === 'boolean' ? (value ? '1' : '0') : String(value));

/**
 * Both the exit code and the words: an interpreter that cannot even open its script exits 2, too, and would pass for `off`.
 */
function powerOf(end: BoundedEnd | null): DeviceStatus['power'] {
  if (end?.kind !== 'ended') return 'unknown';
  if (end.code === 0 && /^status: on$/im.test(end.stdout)) return 'on';
  if (end.code === 2 && /^status: off$/im.test(end.stdout)) return 'off';
  return 'unknown';
}

export function sayOf(end: BoundedEnd, deadlineMs: number): string {
  if (end.kind === 'late') return `no answer within ${deadlineMs} ms`;
  if (end.kind === 'stopped') return 'called off while it was being asked';
  if (end.kind === 'failed') return `could not be run: ${end.why}`;
  const words = end.code === 0 ? end.stdout : `${end.stdout}\n${end.stderr}`;
  const said = lastLine({ ...end, stdout: words, stderr: '' }).replace(/^[\d-]+ [\d:,]+ (ERROR|WARNING): /, '');
  return said === '' ? `exit ${end.code}, without a word` : said;
}
