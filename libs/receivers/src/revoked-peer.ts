import { readFileSync } from 'node:fs';
import { explain, type Log } from '@yosugara/kernel';
import { type MemberConfig, revocationsOf, revokedMembers } from '@yosugara/protocol';
import { WatchedFiles } from './watched-files.js';

const LOOK_EVERY_MS = 500;

/** Whether the other node is a member still, as the controller wrote it down. What cannot be read lets nobody in: this is about the peer alone. */
export class RevokedPeer {
  readonly #open: () => WatchedFiles<boolean>;
  readonly #log: Log;
  #file: WatchedFiles<boolean> | null = null;
  #said = '';

  constructor(path: string, members: readonly MemberConfig[], peer: string, log: Log, lookEveryMs = LOOK_EVERY_MS) {
    this.#log = log;
    this.#open = () =>
      new WatchedFiles({
        ...{ paths: [path], lookEveryMs, onKept: (error) => log.error('copy.revokedUnread', { why: explain(error) }) },
        read: () => revokedMembers(members, revocationsOf(textOf(path))).has(peer),
        onRead: (isRevoked) => isRevoked && log.warn('copy.peerRevoked', { peer }),
      });
  }

  now(): boolean {
    try {
      this.#file ??= this.#open();
      return this.#file.current();
    } catch (error) {
      const why = explain(error);
      if (why !== this.#said) this.#log.error('copy.revokedUnread', { why });
      this.#said = why;
      return true;
    }
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
