import type { Endpoint } from './forwarder-child.js';
import { KeptChild } from './kept-child.js';

/** Files of this member, PEM: they are read at each connection, since certificates are renewed while the line is up. */
export interface IdentityFiles {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
  /** Where the controller writes down who is no member any more. */
  readonly revoked: string;
}

/** A socket of this host, in a folder that nobody but its owner enters, and whose server is reached by it. */
export interface PackedWay {
  readonly node: string;
  readonly socket: string;
  /** null: whoever runs the child. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  readonly to: Endpoint;
  /** Address of this host that the connections come from. */
  readonly from: string;
}

export interface PackedSetup {
  readonly identity: IdentityFiles;
  /** With the identities that revocations are about. */
  readonly members: readonly { readonly id: string; readonly peerId: string }[];
  readonly ways: readonly PackedWay[];
  /** What comes back by all of them together, packed; null: as much as there is. */
  readonly bytesPerSecond: number | null;
  /** Who may come in by the line, and where to; null: nobody. */
  readonly door: { readonly listen: Endpoint; readonly nodes: readonly string[]; readonly to: string } | null;
}

export type FromPacked =
  | { readonly listening: string }
  | { readonly waiting: string; readonly at: string }
  /** A connection that did not come about, or ended in disorder. */
  | { readonly failed: string; readonly node: string | null }
  /** One that is over: what it carried towards the copy, before packing and as it went over the line. */
  | { readonly carried: string; readonly bytes: number; readonly packedBytes: number };

/** Both ends of the packed line of this host, in a process of their own. */
export class PackedChild extends KeptChild<PackedSetup, FromPacked> {
  constructor(setup: PackedSetup, hear: (message: FromPacked) => void) {
    super('forward/packed-main.js', setup, {}, hear);
  }
}
