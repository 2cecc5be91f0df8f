import type { Command } from 'commander';
import {
  addAgentToken,
  listAgents,
  listTokens,
  removeToken,
  renderAgents,
  renderNewToken,
  renderTokens,
  revokeAgent,
} from '../commands/agents.js';
import { EXIT } from '../exit-codes.js';
import { printable } from '../output/terminal.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

interface ListOptions extends Common {
  readonly text?: string;
  readonly connected?: boolean;
  readonly away?: boolean;
  readonly limit: number;
  readonly after?: string;
}

interface TokenOptions extends Common {
  readonly node?: string;
  readonly scope: readonly string[];
  readonly uses: number;
  readonly minutes: number;
  readonly description: string;
  readonly ownerRole: string;
}

/** The verbs about agents: who is there, what lets one in, and what keeps one out. */
export function addAgents(program: Command, { add, set, show, terminal, api }: VerbContext): void {
  const agents = program.command('agents').description('programs on managed hosts that run jobs, follow log files and measure');
  add('list', 'agents by id: which are connected, as what, and how long their certificates are good', agents)
    .option('--text <text>', 'in the id or the host name')
    .option('--connected', 'only those that are')
    .option('--away', 'only those that are not')
    .option('--limit <n>', 'at most so many, up to 1000', wholeNumber, 200)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .action((options: ListOptions) =>
      set(async () => {
        const found = await listAgents(api(options), options);
        show(options, found, () => renderAgents(found));
        if (found.next !== null && options.json !== true) terminal.note(`more: --after ${printable(found.next)}\n`);
        return EXIT.ok;
      })(),
    );
  add('token', 'make a join token; it is shown once', agents)
    .option('--node <id>', 'for this node only, also in the place of an agent that it has')
    .option('--scope <id>', 'nodes that join by it are put there; can be repeated', oneMore, [])
    .option('--owner-role <role>', 'whose the nodes are that join by it', 'operator')
    .option('--uses <n>', 'for so many agents', wholeNumber, 1)
    .option('--minutes <n>', 'good for so long', wholeNumber, 60)
    .option('--description <text>', 'what for', '')
    .action((options: TokenOptions) =>
      set(async () => {
        const made = await addAgentToken(api(options), options);
        show(options, made, () => renderNewToken(made));
        return EXIT.ok;
      })(),
    );
  add('tokens', 'join tokens, newest first, without what they are', agents).action((options: Common) =>
    set(async () => {
      const found = await listTokens(api(options));
      show(options, found, () => renderTokens(found.tokens, Date.now()));
      return EXIT.ok;
    })(),
  );
  add('remove-token', 'nobody joins by it any more', agents)
    .argument('<number>', 'number of the token, as tokens shows it')
    .action((number: string, options: Common) =>
      set(async () => {
        await removeToken(api(options), number);
        show(options, { removed: number }, () => `the join token ${printable(number)} was removed`);
        return EXIT.ok;
      })(),
    );
  add('revoke', 'an agent is sent away and not let in again; its node stays', agents)
    .argument('<id>', 'id of the agent, which is that of its node')
    .action((id: string, options: Common) =>
      set(async () => {
        await revokeAgent(api(options), id);
        show(options, { revoked: id }, () => `the agent of ${printable(id)} was revoked`);
        return EXIT.ok;
      })(),
    );
}
