import { asset } from './assets.js';
import { type Delivery, Relay } from './relay.js';
import { run, tryRun } from './shell.js';

/** Where a host is on the lab's wire. The MAC address stays over a power cycle, as a network card's does. */
export interface NetworkPlace {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
}

const PREFIX_LENGTH = 24;
/** A bridge without an address of its own takes the lowest of its ports': with the host that it came from, it would lose it. */
const BRIDGE_MAC = '02:59:53:47:00:01';

/**
 * One Ethernet segment: a bridge in a network namespace of its own, a veth pair for each host. Nothing lies in the root
 * namespace, so labs never meet each other, nor the machine's own addresses.
 */
export class Network {
  readonly #prefix: string;
  readonly #relays = new Map<string, Relay>();

  /** @param prefix of every namespace's name, such as `ysg-4711`. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  namespace(host: string): string {
    return `${this.#prefix}-${host}`;
  }

  async create(): Promise<void> {
    const wire = this.namespace('wire');
    await run('ip', ['netns', 'add', wire]);
    const bridge = ['br0', 'address', BRIDGE_MAC, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0'];
    await run('ip', ['-n', wire, 'link', 'add', ...bridge]);
    await run('ip', ['-n', wire, 'link', 'set', 'br0', 'up']);
  }

  /** A fresh namespace with `eth0` up. */
  async attach(place: NetworkPlace): Promise<void> {
    const own = this.namespace(place.name);
    const wire = this.namespace('wire');
    await run('ip', ['netns', 'add', own]);
    await run('ip', [
      'link',
      'add',
      'name',
      place.name,
      'netns',
      wire,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'address',
      place.mac,
      'netns',
      own,
    ]);
    await run('ip', ['-n', wire, 'link', 'set', 'dev', place.name, 'master', 'br0']);
    await run('ip', ['-n', own, 'address', 'add', `${place.address}/${PREFIX_LENGTH}`, 'dev', 'eth0']);
    await run('ip', ['-n', own, 'link', 'set', 'lo', 'up']);
    await run('ip', ['-n', own, 'link', 'set', 'eth0', 'up']);
    await run('ip', ['-n', wire, 'link', 'set', 'dev', place.name, 'up']);
  }

  /** Out of the wire, with every socket and address that was left in the namespace. */
  async detach(host: string): Promise<void> {
    await tryRun('ip', ['-n', this.namespace('wire'), 'link', 'del', 'dev', host]);
    await tryRun('ip', ['netns', 'del', this.namespace(host)]);
  }

  /** The cable: carrier is lost on both ends. */
  async cable(host: string, state: 'in' | 'out'): Promise<void> {
    await run('ip', ['-n', this.namespace('wire'), 'link', 'set', 'dev', host, state === 'in' ? 'up' : 'down']);
  }

  /**
   * What the switch drops, as nftables rules over the ports' names (`iifname "a" oifname "b" drop`: frames from a to b). Links stay
   * up: nobody is told. An empty list: nothing is dropped any more. Each call replaces the one before.
   */
  async drop(rules: readonly string[]): Promise<void> {
    const chain = `table bridge lab {\nchain forward {\ntype filter hook forward priority 0; policy accept;\n${rules.join('\n')}\n}\n}`;
    const script = `table bridge lab {}\ndelete table bridge lab\n${rules.length === 0 ? '' : `${chain}\n`}`;
    await run('ip', ['netns', 'exec', this.namespace('wire'), 'sh', '-c', 'printf %s "$1" | nft -f -', 'sh', script]);
  }

  /** Frames from and to the host come late, doubled or out of order. `null`: as they were sent, again. */
  async relay(host: string, delivery: Delivery | null): Promise<void> {
    await this.#relays.get(host)?.stop();
    this.#relays.delete(host);
    if (delivery !== null) this.#relays.set(host, await Relay.start(this.namespace('wire'), host, delivery));
  }

  /** Runs a program in a host's network namespace only. */
  exec(host: string, program: string, args: readonly string[]): Promise<string> {
    return run('nsenter', [`--net=/run/netns/${this.namespace(host)}`, program, ...args]);
  }

  async destroy(): Promise<void> {
    for (const relay of this.#relays.values()) await relay.end();
    await tryRun('ip', ['netns', 'del', this.namespace('wire')]);
  }

  /** Does an answer come back through the wire within a second? */
  reaches(from: string, toAddress: string): Promise<boolean> {
    return tryRun('nsenter', [`--net=/run/netns/${this.namespace(from)}`, 'perl', asset('reachable.pl'), toAddress], 5_000);
  }
}
