import type { Socket } from 'node:net';
import { AwakeTimer } from '@yosugara/kernel';
import { addressKey } from '@yosugara/operations';
import { plainAddress } from './senders.js';

/** A handshake of TLS between two nodes takes milliseconds. */
const PROOF_MS = 2_000;
/** At once: of those that come from the peer's address, and as many of all others together. */
const PLACES = 8;

export interface UnprovenOptions {
  /** Where the peer dials from: nobody else takes the places of that address. */
  readonly peerAddress: string;
  /** Once for each connection that did not become the peer's, whoever ended it. */
  readonly onRefused: (why: string, address: string) => void;
  readonly proofMs?: number;
}

interface Unproven {
  readonly socket: Socket;
  readonly address: string;
  readonly isFromPeer: boolean;
  readonly deadline: AwakeTimer;
}

/** The two ends of a connection that a socket of TCP and the one of TLS around it have in common. */
type Ends = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/**
 * Connections that have not shown yet that they are the peer's: few, and not for long. A newer one takes the place of the oldest, so
 * that whoever holds them all shuts nobody out, and those from elsewhere never take a place of the peer's address.
 */
export class UnprovenConnections {
  readonly #options: UnprovenOptions;
  /** By `address port`, oldest first. */
  readonly #open = new Map<string, Unproven>();

  constructor(options: UnprovenOptions) {
    this.#options = options;
  }

  begin(socket: Socket): void {
    const { onRefused, peerAddress, proofMs = PROOF_MS } = this.#options;
    const { remoteAddress } = socket;
    socket.on('error', () => socket.destroy());
    // It has gone again already: nobody is there to be told apart. TLS, which gets it behind this, must find it as it came.
    if (remoteAddress === undefined) return void setImmediate(() => socket.destroy());
    const address = plainAddress(remoteAddress);
    const isFromPeer = addressKey(address) === addressKey(peerAddress);
    this.#makeRoom(isFromPeer);
    const key = keyOf(socket);
    const late = () => this.#refuse(key, `${address} did not show who it is within ${proofMs} ms`);
    const unproven = { socket, address, isFromPeer, deadline: new AwakeTimer(proofMs, late) };
    this.#open.set(key, unproven);
    socket.once('close', () => {
      if (this.#forget(key, unproven)) onRefused(`${address} went without showing who it is`, address);
    });
  }

  /** The handshake ended well: what it showed is judged by others. */
  shown(ends: Ends): void {
    const unproven = this.#open.get(keyOf(ends));
    if (unproven !== undefined) this.#forget(keyOf(ends), unproven);
  }

  /** The handshake failed. Its socket has often lost its address by the time it is told of, and is then one that is closed. */
  failed(ends: Ends, why: string): void {
    const known = keyOf(ends);
    const key = this.#open.has(known) ? known : [...this.#open].find(([, { socket }]) => socket.destroyed)?.[0];
    const address = key === undefined ? undefined : this.#open.get(key)?.address;
    if (key !== undefined) this.#refuse(key, `${address}: ${why}`);
  }

  /** Nothing of what is ended here is told: it is our doing. */
  close(): void {
    for (const [key, unproven] of this.#open) {
      this.#forget(key, unproven);
      unproven.socket.destroy();
    }
  }

  #makeRoom(isFromPeer: boolean): void {
    const beside = [...this.#open].filter(([, unproven]) => unproven.isFromPeer === isFromPeer);
    const [oldest] = beside;
    if (oldest === undefined || beside.length < PLACES) return;
    const [key, { address }] = oldest;
    this.#refuse(key, `${address} had not shown who it is when ${PLACES} newer connections came`);
  }

  #refuse(key: string, why: string): void {
    const unproven = this.#open.get(key);
    if (unproven === undefined || !this.#forget(key, unproven)) return;
    unproven.socket.destroy();
    this.#options.onRefused(why, unproven.address);
  }

  /** @returns false: it is known no more, and told of already. */
  #forget(key: string, unproven: Unproven): boolean {
    unproven.deadline.stop();
    return this.#open.get(key) === unproven && this.#open.delete(key);
  }
}

function keyOf({ remoteAddress, remotePort }: Ends): string {
  return `${plainAddress(remoteAddress ?? '')} ${remotePort}`;
}
