import { SPEAKS } from '@yosugara/protocol';
import { versionOf } from './version.js';

/** What `--version` of a member's program says: `yosugara 0.2.0-dev+1a2b3c4d5e6f, levels 1 to 2`. */
export function versionLine(program: string, root: string): string {
  return `${program} ${versionOf(root)}, levels ${SPEAKS.from} to ${SPEAKS.through}`;
}
