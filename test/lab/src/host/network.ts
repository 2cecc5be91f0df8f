import { asset } from './assets.js';
import { type Delivery, Relay } from './relay.js';
import { run, tryRun, until } from './shell.js';

/** Where a host is on the lab's wire. The MAC address stays over a power cycle, as a network card's does. */
export interface NetworkPlace {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
  /** Of two, each a segment of its own. Default: the first. */
  readonly site?: 1 | 2;
}

/** The switch's port where the line to the other site comes in. */
export const LINE = 'line';

const PREFIX_LENGTH = 24;
/** It takes a hundredth of a second where nobody else is at work. */
const CARRIED_MS = 30_000;
/** A bridge without an address of its own takes the lowest of its ports': with the host that it came from, it would lose it. */
const bridgeMac = (site: 1 | 2): string => `02:59:53:47:00:0${site}`;
const bridgeOf = (site: 1 | 2): string => (site === 1 ? 'br0' : 'br2');
const gatewayOf = (address: string): string => address.replace(/\.\d+$/, '.1');

/**
 * An Ethernet segment, or one a site with a router between them: bridges in a network namespace of their own, a veth pair for each
 * host. Nothing lies in the root namespace, so labs never meet each other, nor the machine's own addresses.
 */
export class Network {
  readonly #prefix: string;
  readonly #relays = new Map<string, Relay>();
  readonly #bridges = new Map<string, string>();
  #isRouted = false;

  /** @param prefix of every namespace's name, such as `ysg-4711`. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  namespace(host: string): string {
    return `${this.#prefix}-${host}`;
  }

  async create(): Promise<void> {
    await run('ip', ['netns', 'add', this.namespace('wire')]);
    await this.#segment(1);
  }

  /**
   * A second site, behind a line: the wire's namespace routes between the two, and every host that is attached from now on knows the
   * way. The line is the switch's port `LINE` in site 2: it can be dropped and made late as any host's.
   */
  async addSite(addresses: { readonly first: string; readonly second: string }): Promise<void> {
    const wire = this.namespace('wire');
    await this.#segment(2);
    await run('ip', ['-n', wire, 'link', 'add', 'name', 'gw2', 'type', 'veth', 'peer', 'name', LINE]);
    this.#bridges.set(LINE, bridgeOf(2));
    await run('ip', ['-n', wire, 'link', 'set', 'dev', LINE, 'master', bridgeOf(2), 'up']);
    await run('ip', ['-n', wire, 'link', 'set', 'dev', 'gw2', 'up']);
    for (const [port, address] of [[bridgeOf(1), addresses.first] as const, ['gw2', addresses.second] as const])
      await run('ip', ['-n', wire, 'address', 'add', `${gatewayOf(address)}/${PREFIX_LENGTH}`, 'dev', port]);
    // The file is that of whoever opens it: of the wire's namespace.
    await run('ip', ['netns', 'exec', wire, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    this.#isRouted = true;
  }

  async #segment(site: 1 | 2): Promise<void> {
    const wire = this.namespace('wire');
    const bridge = [bridgeOf(site), 'address', bridgeMac(site), 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0'];
    await run('ip', ['-n', wire, 'link', 'add', ...bridge]);
    await run('ip', ['-n', wire, 'link', 'set', bridgeOf(site), 'up']);
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
    const bridge = bridgeOf(place.site ?? 1);
    this.#bridges.set(place.name, bridge);
    await run('ip', ['-n', wire, 'link', 'set', 'dev', place.name, 'master', bridge]);
    await run('ip', ['-n', own, 'address', 'add', `${place.address}/${PREFIX_LENGTH}`, 'dev', 'eth0']);
    await run('ip', ['-n', own, 'link', 'set', 'lo', 'up']);
    await run('ip', ['-n', own, 'link', 'set', 'eth0', 'up']);
    if (this.#isRouted) await run('ip', ['-n', own, 'route', 'add', 'default', 'via', gatewayOf(place.address)]);
    await run('ip', ['-n', wire, 'link', 'set', 'dev', place.name, 'up']);
    await this.#untilCarried(place.name);
  }

  /** The kernel tells a switch of a new cable in its own time: on a busy machine what is sent before is lost without a word. */
  async #untilCarried(host: string): Promise<void> {
    const stateOf = async (namespace: string, device: string): Promise<string> => {
      const [link] = JSON.parse(await run('ip', ['-n', namespace, '-json', '-details', 'link', 'show', 'dev', device]));
      return `${link.operstate} ${link.linkinfo?.info_slave_data?.state ?? ''}`.trim();
    };
    await until(`the wire carries what ${host} sends`, CARRIED_MS, async () => {
      const [port, card] = await Promise.all([stateOf(this.namespace('wire'), host), stateOf(this.namespace(host), 'eth0')]);
      return port === 'UP forwarding' && card === 'UP' ? true : undefined;
    });
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
    const bridge = this.#bridges.get(host) ?? bridgeOf(1);
    if (delivery !== null) this.#relays.set(host, await Relay.start(this.namespace('wire'), host, bridge, delivery));
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
