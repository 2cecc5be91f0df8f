import type { Controllers } from '../control/client.js';
import type { Terminal } from '../output/terminal.js';
import { change, type MasterChange } from './masters.js';

/** By hand only: a DR site cannot know what has become of the other one, so an operator says it, and it is written down. */
export async function drPromote(
  controllers: Controllers,
  options: {
    readonly node: string;
    readonly evidence: string;
    readonly by: string;
    readonly override: boolean;
    readonly deadlineMs: number;
  },
  terminal: Terminal,
): Promise<MasterChange> {
  const { node, evidence, by, override, deadlineMs } = options;
  const before = await controllers.status();
  return await change(controllers, { method: 'drPromote', node, evidence, by, override }, before, node, deadlineMs, terminal);
}
