import { BlockList, isIP, isIPv6 } from 'node:net';

/**
 * `::ffff:10.0.0.1` is 10.0.0.1: the same sender must look the same over UDP and TCP.
 *
 * Not `addressKey` (operations), which finds what a person or a message spelled in some way. This is the kernel's own spelling, of
 * which nothing else may go: `fe80::1%eth0` and `fe80::1%eth1` are two senders, with a bucket and a line of counters each.
 */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** A list of addresses, networks (10.0.0.0/8) and names of certificates (host.example.org, *.example.org). Empty: everybody. */
export class SenderList {
  readonly #addresses = new BlockList();
  readonly #names = new Set<string>();
  /** `.example.org` of `*.example.org`: RFC 5425 5.2 lets the whole left-most label be a wildcard. */
  readonly #below = new Set<string>();
  readonly isOpen: boolean;

  /** @param senders as checked by the configuration: whatever is no address and no network is a name. */
  constructor(senders: readonly string[]) {
    this.isOpen = senders.length === 0;
    for (const sender of senders) {
      const [network = '', prefix] = sender.split('/');
      const family = isIPv6(network) ? 'ipv6' : 'ipv4';
      if (isIP(network) === 0) {
        const name = sender.toLowerCase();
        if (name.startsWith('*.')) this.#below.add(name.slice(1));
        else this.#names.add(name);
      } else if (prefix === undefined) this.#addresses.addAddress(network, family);
      else this.#addresses.addSubnet(network, Number(prefix), family);
    }
  }

  /** Some sender is known by the name in its certificate only: who it is shows after the handshake. */
  get hasNames(): boolean {
    return this.#names.size + this.#below.size > 0;
  }

  hasAddress(address: string): boolean {
    return this.isOpen || this.#addresses.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  hasName(name: string): boolean {
    const lower = name.toLowerCase();
    const dot = lower.indexOf('.');
    return this.isOpen || this.#names.has(lower) || (dot > 0 && this.#below.has(lower.slice(dot)));
  }
}
