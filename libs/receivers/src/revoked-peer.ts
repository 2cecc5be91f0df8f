import { readFileSync } from 'node:fs';
import { explain, type Log } from '@yosugara/kernel';
import { type MemberConfig, type Revocation, revocationsOf, revokedMembers } from '@yosugara/protocol';
import { WatchedFiles } from './watched-files.js';

const LOOK_EVERY_MS = 500;

export interface RevokedPeerOptions {
  /** Where the controller writes down who is revoked. */
  readonly path: string;
  /** With the identities that the configuration gives them now: whoever gets the name with another one is another one. */
  readonly members: () => readonly Pick<MemberConfig, 'id' | 'peerId'>[];
  readonly peer: string;
  readonly log: Log;
  readonly lookEveryMs?: number;
}

/** Whether the other node is a member still, as the controller wrote it down. What cannot be read lets nobody in: this is about the peer alone. */
export class RevokedPeer {
  readonly #options: RevokedPeerOptions;
  #file: WatchedFiles<readonly Revocation[]> | null = null;
  #said = '';
  #wasRevoked = false;

  constructor(options: RevokedPeerOptions) {
    this.#options = options;
  }

  now(): boolean {
    const { members, peer, log } = this.#options;
    try {
      this.#file ??= this.#open();
      const isRevoked = revokedMembers(members(), this.#file.current()).has(peer);
      if (isRevoked !== this.#wasRevoked) log.warn(isRevoked ? 'copy.peerRevoked' : 'copy.peerSucceeded', { peer });
      this.#wasRevoked = isRevoked;
      return isRevoked;
    } catch (error) {
      const why = explain(error);
      if (why !== this.#said) log.error('copy.revokedUnread', { why });
      this.#said = why;
      return true;
    }
  }

  #open(): WatchedFiles<readonly Revocation[]> {
    const { path, log, lookEveryMs = LOOK_EVERY_MS } = this.#options;
    return new WatchedFiles({
      ...{ paths: [path], lookEveryMs, onRead: () => undefined },
      read: () => revocationsOf(textOf(path)),
      onKept: (error) => log.error('copy.revokedUnread', { why: explain(error) }),
    });
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
