import { HostKeyRing } from '@yosugara/host-control/keys';
import type { JournalEncryption } from '@yosugara/journal';
import type { Log } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { Undo } from './undo.js';

/** A key that was appended is used from the next segment on. */
const REFRESH_MS = 10_000;

/**
 * What journals are encrypted by: those that are, whatever is configured now, and those that are begun, where it is on.
 * @throws KeyMissingError, KeyTextError — it is on, and there is no key: nothing is taken in that would lie in the clear.
 */
export function journalEncryption(config: NodeConfig, log: Log, undo: Undo): JournalEncryption {
  const keys = new HostKeyRing({ config, stateDir: config.stateDir, env: process.env });
  const isOn = config.journal.encryption === 'on';
  if (isOn) keys.demand('journal.encryption is on, and there is no key');
  let said = '';
  const refresh = () => {
    keys.refresh();
    const why = keys.problem?.message ?? '';
    if (why !== '' && why !== said) log.error('keys.unreadable', { why });
    said = why;
  };
  refresh();
  const timer = setInterval(refresh, REFRESH_MS).unref();
  undo.push(() => clearInterval(timer));
  return { keys, newest: () => (isOn ? keys.newest : null) };
}
