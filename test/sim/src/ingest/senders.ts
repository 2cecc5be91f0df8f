import type { Rng } from '../rng.js';
import type { Cluster } from './cluster.js';
import { CLOCKLESS_INFORMS, INFORMS, STAMPED, VIP_INFORMS } from './devices.js';
import type { Taken } from './disk.js';
import { BASE_US, type Site } from './site.js';
import type { VirtualTime } from './virtual-time.js';

/** One message that a device sent, once. */
export interface Saying {
  readonly id: number;
  /** Equal for what are copies, or repeats, of one text of one source; null = it came by the VIP and never pairs. */
  readonly key: string | null;
  /** It was told that its message is safe, and not by a node that was permitted to say so alone. */
  isAcknowledged: boolean;
  /** By its sender's clock, which is right. */
  saidUs?: number;
}

type Packet = Pick<Taken, 'kind' | 'transport' | 'raw'>;
/** 100 hours, in hundredths of a second. */
const LONG_UP = 36_000_000;
const TRIES = 8;
const RETRY_MS = 1_000;

/** Devices, and the network between them and the nodes. */
export class Senders {
  readonly sayings: Saying[] = [];
  readonly #time: VirtualTime;
  readonly #rng: Rng;
  readonly #cluster: Cluster;
  /** How much of what is sent to each node is lost; how much comes twice. */
  loss: Readonly<Record<string, number>>;
  doubled = 0.03;
  /** So long the device that stamps holds back what it says to a node. */
  heldMs: Readonly<Record<string, number>> = {};
  #numbers = 0;

  constructor(time: VirtualTime, rng: Rng, cluster: Cluster) {
    this.#time = time;
    this.#rng = rng;
    this.#cluster = cluster;
    const loss = (): number => (rng.chance(0.4) ? 0 : rng.next() * 0.3);
    this.loss = Object.fromEntries(cluster.sites.map(({ name }) => [name, loss()]));
  }

  /** Something of some device, now. */
  anything(): void {
    const kind = this.#rng.next();
    if (kind < 0.4) this.line(`line ${++this.#numbers}`);
    else if (kind < 0.6) this.repeated(1 + Math.floor(this.#rng.next() * 5));
    else if (kind < 0.7) this.byVip(this.#rng.pick(['same', `vip ${++this.#numbers}`]));
    else if (kind < 0.75) this.stamped();
    else if (kind < 0.85) this.trap();
    else if (kind < 0.95) this.inform(this.#rng.pick([CLOCKLESS_INFORMS, INFORMS, INFORMS]));
    else this.informVip();
  }

  /** To both nodes. Over UDP to one and TCP to the other now and then; the network doubles some. */
  line(text: string, source = '10.0.0.1', sites: readonly Site[] = this.#cluster.sites): void {
    const saying = this.#say(`syslog ${source} ${text}`);
    const raw = Buffer.from(`<13>${text}`);
    for (const site of sites) {
      const transport = this.#rng.chance(0.1) ? 'tcp' : 'udp';
      if (transport === 'udp' && this.#rng.chance(this.loss[site.name]!)) continue;
      for (let copies = transport === 'udp' && this.#rng.chance(this.doubled) ? 2 : 1; copies > 0; copies--)
        this.#send(site, saying, { kind: 'syslog', transport, raw }, source, 'own', null);
    }
  }

  /** The same bytes several times, near to each other or not. */
  repeated(times: number): void {
    const text = this.#rng.pick(['link down', 'link up', `flap ${++this.#numbers}`]);
    let inMs = 0;
    for (let left = times; left > 0; left--) {
      this.#time.after(inMs, () => this.line(text, '10.0.0.2'), null);
      inMs += this.#rng.pick([1, 30, 400, 1_500, 2_500, 5_000]) * (0.5 + this.#rng.next());
    }
  }

  /** A device that knows the floating address only. */
  byVip(text: string): void {
    const site = this.#master();
    if (site === undefined) return;
    const saying = this.#say(null);
    this.#send(site, saying, { kind: 'syslog', transport: 'udp', raw: Buffer.from(`<13>${text}`) }, '10.0.0.3', 'vip', null);
  }

  /** To both nodes over UDP with an exact stamp; what is held back comes late. */
  stamped(): void {
    const number = ++this.#numbers;
    const saying = this.#say(`stamped ${STAMPED} ${number}`);
    const micros = Math.round(this.#time.nowMs * 1_000);
    saying.saidUs = BASE_US + micros;
    const seconds = new Date((BASE_US + micros) / 1_000).toISOString().slice(0, 19);
    const raw = Buffer.from(`<134>1 ${seconds}.${String(micros % 1_000_000).padStart(6, '0')}Z web1 app - - - n=${number}`);
    for (const site of this.#cluster.sites) {
      if (this.#rng.chance(this.loss[site.name]!)) continue;
      const send = (): void => this.#send(site, saying, { kind: 'syslog', transport: 'udp', raw }, STAMPED, 'own', null);
      const held = this.heldMs[site.name] ?? 0;
      if (held > 0) this.#time.after(held, send, null);
      else send();
    }
  }

  /** To both nodes with a request-id for each. */
  trap(): void {
    const number = ++this.#numbers;
    const saying = this.#say(`trap 10.0.0.4 ${number}`);
    for (const site of this.#cluster.sites) {
      const raw = v2c(false, this.#requestId(), number);
      if (!this.#rng.chance(this.loss[site.name]!))
        this.#send(site, saying, { kind: 'trap', transport: 'udp', raw }, '10.0.0.4', 'own', null);
    }
  }

  /** The same, again until it is answered. */
  inform(source: string): void {
    const number = ++this.#numbers;
    const saying = this.#say(`inform ${source} ${number}`);
    for (const site of this.#cluster.sites) {
      const raw = v2c(true, this.#requestId(), source === CLOCKLESS_INFORMS ? number % 100 : LONG_UP + number, number);
      this.#ask(saying, raw, source, 'own', () => site);
    }
  }

  /** To whoever has the floating address, again until it is answered. */
  informVip(): void {
    const number = ++this.#numbers;
    const saying = this.#say(`inform ${VIP_INFORMS} ${number}`);
    const raw = v2c(true, this.#requestId(), LONG_UP + number, number);
    this.#ask(saying, raw, VIP_INFORMS, 'vip', () => this.#master());
  }

  #ask(saying: Saying, raw: Uint8Array, source: string, listener: 'own' | 'vip', to: () => Site | undefined): void {
    let isAnswered = false;
    const answered = (_node: string, alone: boolean): void => {
      isAnswered = true;
      if (!alone) saying.isAcknowledged = true;
    };
    const once = (left: number): void => {
      if (isAnswered || left === 0) return;
      const site = to();
      if (site !== undefined && !this.#rng.chance(this.loss[site.name]!))
        this.#send(site, saying, { kind: 'trap', transport: 'udp', raw }, source, listener, answered);
      this.#time.after(RETRY_MS, () => once(left - 1), null);
    };
    once(TRIES);
  }

  #requestId(): number {
    return 1 + Math.floor(this.#rng.next() * 1e6);
  }

  #master(): Site | undefined {
    return this.#cluster.sites.find((each) => each.isUp && each.notice.owner === each.name);
  }

  #say(key: string | null): Saying {
    const saying: Saying = { id: this.sayings.length, key, isAcknowledged: false };
    this.sayings.push(saying);
    return saying;
  }

  #send(
    site: Site,
    saying: Saying,
    packet: Packet,
    address: string,
    listener: 'own' | 'vip',
    answer: ((node: string, alone: boolean) => void) | null,
  ): void {
    const wayMs = 0.05 + this.#rng.next() * (this.#rng.chance(0.05) ? 300 : 2);
    const reply = (node: string, alone: boolean): void => {
      if (!this.#rng.chance(this.loss[site.name]!)) this.#time.after(1, () => answer?.(node, alone), null);
    };
    const record = {
      ...{
        ...packet,
        source: { address, port: listener === 'vip' ? 1_003 : site.name === 'a' ? 1_001 : 1_002 },
        flags: 0,
        saying: saying.id,
      },
      listener: { kind: listener, address: site.name },
    };
    this.#time.after(wayMs, () => site.isUp && site.arrive(record, answer === null ? null : reply), null);
  }
}

function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(body.length < 128 ? [tag, body.length] : [tag, 0x81, body.length]), body]);
}
const int = (value: number, tag = 2): Uint8Array => {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  return tlv(tag, bytes);
};
const UPTIME = Buffer.from([0x2b, 6, 1, 2, 1, 1, 3, 0]);
const IF_INDEX = Buffer.from([0x2b, 6, 1, 2, 1, 2, 2, 1, 1, 1]);
const TRAP_OID = Buffer.from([0x2b, 6, 1, 6, 3, 1, 1, 4, 1, 0]);

/** A v2c notification (RFC 3416) of linkDown, perhaps with a number in it. */
function v2c(inform: boolean, requestId: number, upTime: number, number?: number): Uint8Array {
  const oid = Buffer.from([0x2b, 6, 1, 6, 3, 1, 1, 5, 3]);
  const bind = (name: Uint8Array, value: Uint8Array): Uint8Array => tlv(0x30, tlv(6, name), value);
  const binds = tlv(
    0x30,
    bind(UPTIME, int(upTime, 0x43)),
    bind(TRAP_OID, tlv(6, oid)),
    ...(number === undefined ? [] : [bind(IF_INDEX, int(number))]),
  );
  const pdu = tlv(inform ? 0xa6 : 0xa7, int(requestId), int(0), int(0), binds);
  return tlv(0x30, int(1), tlv(4, Buffer.from('public')), pdu);
}
