import type { Log } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { listenPeer, type SourceGate, wallUs } from '@yosugara/receivers';
import {
  type AwayRange,
  type CopySender,
  type DamagedRange,
  type HeldCopy,
  type HeldJournal,
  holdCopy,
  type PeerChannel,
  readHere,
} from '@yosugara/runtime';
import { membersOf } from './config.js';
import type { nodeIdentity } from './identity.js';
import type { Journals } from './journals.js';
import { Sparing } from './sparing.js';
import type { Undo } from './undo.js';

export interface CopyServerParts {
  readonly config: NodeConfig;
  readonly identity: ReturnType<typeof nodeIdentity>;
  readonly journals: Journals;
  readonly sender: CopySender;
  /** Counts who was refused. */
  readonly gate: Pick<SourceGate, 'refuse'>;
  readonly log: Log;
  /** More is held. */
  readonly onChange: () => void;
}

/** Where the peer's receiver sends its journal, and reads what it lacks. */
export class CopyServer {
  readonly #parts: CopyServerParts;
  readonly #self: string;
  #channel: PeerChannel | null = null;
  #held: HeldCopy | null = null;
  #peerKeeps: readonly HeldJournal[] = [];
  #lost = 0;

  private constructor(parts: CopyServerParts) {
    this.#parts = parts;
    this.#self = membersOf(parts.config).self.id;
  }

  static async open(parts: CopyServerParts, undo: Undo): Promise<CopyServer> {
    const { config, identity, gate, log } = parts;
    const { self, peer } = membersOf(config);
    const opened = new CopyServer(parts);
    const refused = new Sparing((summed) => log.warn('copy.refused', { ...summed }));
    undo.push(() => refused.stop());
    const server = await listenPeer({
      ...{ identity, address: self.address, port: config.ports.journal, expected: peer.id, peerAddress: peer.address },
      onRefused: (why, address) => {
        gate.refuse(address, 'not_peer');
        refused.happened(why);
      },
      onChannel: (channel) => opened.#hold(channel),
    });
    undo.push(() => server.close());
    return opened;
  }

  /** Of our journals on the peer's disk, by its word. */
  get peerKeeps(): readonly HeldJournal[] {
    return this.#peerKeeps;
  }

  /** Records of the peer's that neither disk has. */
  get lost(): number {
    return this.#lost;
  }

  /** With what the other node holds of it. */
  mend(range: DamagedRange): void {
    const { journals, sender } = this.#parts;
    const isOwn = journals.journal.journals().some(({ journalId }) => journalId === range.journalId);
    if (isOwn) sender.mend(range);
    else this.#held?.mend(range);
  }

  #hold(channel: PeerChannel): void {
    const { journals, sender, log, onChange } = this.#parts;
    const { journal, copy } = journals;
    // The newest connection is the living one; an older may be the ghost of a host that froze.
    this.#channel?.close('replaced by a newer connection');
    this.#channel = channel;
    this.#held = holdCopy({
      ...{ channel, copy, wallUs, log, onChange },
      read: (range: AwayRange) => readHere(this.#self, journal, copy, range, (journalId) => sender.peerHas(journalId)),
      onLost: (records) => void (this.#lost += records),
      onKept: (kept) => void (this.#peerKeeps = kept),
    });
  }
}
