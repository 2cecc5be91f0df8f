import { explain } from '@yosugara/kernel';
import { onJsonLines, sendLine } from '../os/lines.js';
import { FreezeError } from './errors.js';
import { holdWrites } from './hold.js';
import type { HolderSays, HoldOrder } from './protocol.js';

/**
 * Holds the session that holds writes, while whoever asked for it does something else. It does not count for the deadline: PostgreSQL does.
 * Killed, frozen or cut off, writes go on.
 */
const say = (line: HolderSays): void => sendLine(process.stdout, line);
process.stdout.on('error', () => {}); // Nobody listens any more, as it should be.

onJsonLines(process.stdin, async (line) => {
  const { target, forMs, checkpoint } = line as HoldOrder;
  try {
    const { held, over } = await holdWrites(target, forMs, checkpoint);
    say({ kind: 'held', held });
    await over;
    process.exit(0);
  } catch (error) {
    say({ kind: 'failed', code: error instanceof FreezeError ? error.code : 'FREEZE_FAILED', says: explain(error) });
    process.exit(1);
  }
});
