import { explain, type Log, nodeId } from '@yosugara/kernel';
import { type NodeConfig, withIdentities } from '@yosugara/protocol';
import { WatchedFiles } from '@yosugara/receivers/watched-files';
import type { MemberMailbox } from '@yosugara/transport';
import { loadConfig } from '../config.js';

export interface IdentitiesOptions {
  readonly config: NodeConfig;
  /** Where the configuration stands. */
  readonly file: string;
  readonly mailbox: Pick<MemberMailbox, 'know'>;
  readonly log: Log;
  readonly onChange: () => Promise<void>;
}

/**
 * Another identity for the name of another member, as an operator writes it for a successor, is taken up while this process runs. Nothing
 * else of the file is: that is for the next start, as is this member's own identity, whose key is read then.
 *
 * @returns looks once, for a timer. The configuration is one object that all parts of this process hold: it is changed in place.
 */
export function followIdentities({ config, file, mailbox, log, onChange }: IdentitiesOptions): () => Promise<void> {
  const others = config.cluster.members.filter(({ id }) => id !== config.node);
  const written = new WatchedFiles({
    ...{ paths: [file], lookEveryMs: 0, onRead: () => undefined },
    read: () => withIdentities(others, loadConfig(file).cluster.members),
    onKept: (error) => log.warn('config.kept', { file, why: explain(error) }),
  });
  return async () => {
    const now = written.current();
    const changed = others.filter((member, at) => member.peerId !== now[at]!.peerId);
    if (changed.length === 0) return;
    for (const member of changed) {
      member.peerId = now.find(({ id }) => id === member.id)!.peerId;
      log.warn('config.otherIdentity', { member: member.id, peerId: member.peerId });
    }
    mailbox.know(others.map(({ id, peerId }) => ({ id: nodeId(id), peerId })));
    await onChange();
  };
}
