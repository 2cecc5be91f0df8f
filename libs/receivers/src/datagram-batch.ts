import { AF_INET, type SystemCalls } from './system-calls.js';

export interface Sender {
  readonly address: string;
  readonly port: number;
}

/** So many with one system call. More save nothing more, and no longer fit into the processor's cache. */
const MOST = 64;
/** Nearly every datagram fits into the first part; those parts lie close together. What is longer goes on in the second. */
const NEAR_BYTES = 2_048;
/** A datagram is never longer than both (UDP counts its length in 16 bits): none is cut. */
const FAR_BYTES = 65_536 - NEAR_BYTES;
/** struct mmsghdr: a msghdr of 56 bytes, then the length of what came; struct iovec: place and length; struct sockaddr_in6, rounded up. */
const HEADER_BYTES = 64;
const HEADER = { name: 0, nameBytes: 8, parts: 16, partCount: 24, came: 56 } as const;
const PART_BYTES = 16;
const NAME_BYTES = 32;
/** Senders whose address is kept as text. Whoever forges more makes them be made anew, and that is all. */
const MOST_KNOWN = 4_096;

/** Memory into which the kernel writes a row of datagrams with their senders (recvmmsg(2)). Any number of sockets may share it. */
export class DatagramBatch {
  readonly #calls: SystemCalls;
  readonly #near = memory(MOST * NEAR_BYTES);
  readonly #far = memory(MOST * FAR_BYTES);
  readonly #names = memory(MOST * NAME_BYTES);
  readonly #parts = memory(MOST * 2 * PART_BYTES);
  readonly #headers = memory(MOST * HEADER_BYTES);
  readonly #headersAt: bigint;
  /** The headers once more, as what they hold of 32 bits. */
  readonly #fields = new Uint32Array(this.#headers.buffer);
  readonly #known = new Map<number | string, string>();
  #count = 0;

  constructor(calls: SystemCalls) {
    this.#calls = calls;
    this.#headersAt = calls.placeOf(this.#headers);
    const [near, far, names, parts] = [this.#near, this.#far, this.#names, this.#parts].map((each) => calls.placeOf(each));
    for (let at = 0; at < MOST; at++) {
      const [first, second, header] = [at * 2 * PART_BYTES, (at * 2 + 1) * PART_BYTES, at * HEADER_BYTES];
      this.#parts.writeBigUInt64LE(near! + BigInt(at * NEAR_BYTES), first);
      this.#parts.writeBigUInt64LE(BigInt(NEAR_BYTES), first + 8);
      this.#parts.writeBigUInt64LE(far! + BigInt(at * FAR_BYTES), second);
      this.#parts.writeBigUInt64LE(BigInt(FAR_BYTES), second + 8);
      this.#headers.writeBigUInt64LE(names! + BigInt(at * NAME_BYTES), header + HEADER.name);
      this.#headers.writeUInt32LE(NAME_BYTES, header + HEADER.nameBytes);
      this.#headers.writeBigUInt64LE(parts! + BigInt(first), header + HEADER.parts);
      this.#headers.writeBigUInt64LE(2n, header + HEADER.partCount);
    }
  }

  /** Takes what waits in the socket, as much as there is memory for and no more than `most`, at least 1. @returns how many datagrams. */
  receive(descriptor: number, most: number): number {
    return (this.#count = this.#calls.receive(descriptor, this.#headersAt, Math.min(most, MOST)));
  }

  /** Those of the last call, once. */
  handOut(each: (raw: Buffer, from: Sender) => void): void {
    const count = this.#count;
    this.#count = 0;
    // The next call writes over this memory, and whoever gets a datagram may keep it.
    const kept = Buffer.allocUnsafeSlow(this.#bytesOf(count));
    for (let at = 0, start = 0; at < count; at++) {
      const length = this.#lengthOf(at);
      const end = start + length;
      this.#near.copy(kept, start, at * NEAR_BYTES, at * NEAR_BYTES + Math.min(length, NEAR_BYTES));
      if (length > NEAR_BYTES) this.#far.copy(kept, start + NEAR_BYTES, at * FAR_BYTES, at * FAR_BYTES + length - NEAR_BYTES);
      each(kept.subarray(start, end), this.#senderOf(at));
      start = end;
    }
  }

  #lengthOf(at: number): number {
    return this.#fields[(at * HEADER_BYTES + HEADER.came) / 4]!;
  }

  #bytesOf(count: number): number {
    let bytes = 0;
    for (let at = 0; at < count; at++) bytes += this.#lengthOf(at);
    return bytes;
  }

  #senderOf(at: number): Sender {
    const names = this.#names;
    const name = at * NAME_BYTES;
    // It was told how much room there is, and wrote there how much it needed.
    this.#fields[(at * HEADER_BYTES + HEADER.nameBytes) / 4] = NAME_BYTES;
    const isIPv4 = names[name] === AF_INET;
    // With the zone, but without the port.
    const key = isIPv4 ? names.readUInt32LE(name + 4) : names.toString('latin1', name + 8, name + 28);
    let address = this.#known.get(key);
    if (address === undefined) {
      address = isIPv4
        ? names.subarray(name + 4, name + 8).join('.')
        : this.#calls.addressText6(names.subarray(name, name + NAME_BYTES));
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(key, address);
    }
    return { address, port: names.readUInt16BE(name + 2) };
  }
}

/** Never moved, and zeros until it is written. */
const memory = (bytes: number) => Buffer.from(new ArrayBuffer(bytes));
