import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { asset } from './assets.js';
import { LabToolError, run, tryRun, until } from './shell.js';

/** What a slow wire does to the frames of one host, in both directions. */
export interface Delivery {
  readonly delayMs: number;
  /** Evenly spread, on top of the delay. */
  readonly jitterMs: number;
  /** Without it a frame with a small jitter overtakes one with a large one. */
  readonly keepsOrder: boolean;
  readonly doublesPercent: number;
  /** Frames to these UDP ports pass at once and once. */
  readonly sparedUdpPorts: readonly number[];
}

const READY_WITHIN_MS = 5_000;

/**
 * Puts a small program between a host's cable and the switch (the kernel's own means, netem, is not everywhere). The host's carrier
 * stays up throughout, and the switch's port keeps its name: what `Network.drop` says about it goes on.
 */
export class Relay {
  readonly #wire: string;
  readonly #host: string;
  readonly #bridge: string;
  readonly #process: ChildProcess;

  private constructor(wire: string, host: string, bridge: string, process: ChildProcess) {
    this.#wire = wire;
    this.#host = host;
    this.#bridge = bridge;
    this.#process = process;
  }

  /** @param wire the switch's network namespace. @throws LabToolError */
  static async start(wire: string, host: string, bridge: string, delivery: Delivery): Promise<Relay> {
    const [cable, inner] = [cableOf(host), `relay-${host}`];
    await run('ip', ['-n', wire, 'link', 'set', 'dev', host, 'nomaster']);
    await run('ip', ['-n', wire, 'link', 'set', 'dev', host, 'name', cable]);
    await run('ip', ['-n', wire, 'link', 'add', 'name', host, 'type', 'veth', 'peer', 'name', inner]);
    await run('ip', ['-n', wire, 'link', 'set', 'dev', inner, 'up']);
    await run('ip', ['-n', wire, 'link', 'set', 'dev', host, 'master', bridge, 'up']);
    const { delayMs, jitterMs, keepsOrder, doublesPercent, sparedUdpPorts } = delivery;
    const how = [delayMs, jitterMs, keepsOrder ? 1 : 0, doublesPercent].map(String);
    const args = [`--net=/run/netns/${wire}`, 'perl', asset('relay.pl'), cable, inner, ...how, sparedUdpPorts.join(',')];
    const child = spawn('nsenter', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let [said, failed] = ['', ''];
    child.stdout.on('data', (text) => (said += text));
    child.stderr.on('data', (text) => (failed += text));
    child.stdin.on('error', () => {});
    const relay = new Relay(wire, host, bridge, child);
    await until('the relay', READY_WITHIN_MS, () => {
      if (child.exitCode !== null) throw new LabToolError('relay.pl', failed.trim());
      return said.includes('ready') ? true : undefined;
    }).catch(async (error: unknown) => {
      await relay.stop();
      throw error;
    });
    return relay;
  }

  /** What it still held back is lost, and the cable is in the switch again. */
  async stop(): Promise<void> {
    await this.end();
    await tryRun('ip', ['-n', this.#wire, 'link', 'del', 'dev', this.#host]);
    await run('ip', ['-n', this.#wire, 'link', 'set', 'dev', cableOf(this.#host), 'name', this.#host]);
    await run('ip', ['-n', this.#wire, 'link', 'set', 'dev', this.#host, 'master', this.#bridge]);
  }

  /** The program only, when the wire goes anyway. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}

const cableOf = (host: string): string => `cable-${host}`;
