import { join } from 'node:path';
import { rehearse } from '@yosugara/host-control/backup';
import type { Command } from 'commander';
import { withProgress } from '../commands/backup.js';
import { drPromote, drStatus, renderDr } from '../commands/dr.js';
import { copyHere, renderRehearsal } from '../commands/dr-drill.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { whoAsks, wholeSeconds } from './arguments.js';
import type { Common, VerbContext } from './context.js';

/** The verbs of the copy in another site. */
export function addDr(program: Command, context: VerbContext): void {
  const { add, set, controllers, show, terminal } = context;
  const dr = program.command('dr').description('the copy in another site');
  add('status', 'how far the copy is behind, and what would be lost with the site of the Master', dr).action((options: Common) =>
    set(async () => {
      const report = drStatus(await controllers(options).status());
      show(options, report, () => renderDr(report, painter(terminal)));
      return report.siteLoss === null || report.siteLoss.isFollowing ? EXIT.ok : EXIT.unhealthy;
    })(),
  );
  add('promote', 'make a DR member the Master; only when the main site is lost', dr)
    .argument('<node>', 'name of the node')
    .requiredOption('--evidence <text>', 'how you know that the main site is off; it is written down')
    .option('--override', 'in spite of a pause or maintenance', false)
    .option('--timeout <seconds>', 'how long to follow', wholeSeconds, 120)
    .action((node: string, options: Common & { evidence: string; override: boolean; timeout: number }) =>
      set(async () => {
        const { evidence, override, timeout } = options;
        const asked = { node, evidence, by: whoAsks(), override, deadlineMs: timeout * 1_000 };
        const done = await drPromote(controllers(options), asked, terminal);
        show(options, done, () => `${done.says}\n${done.to} is Master, epoch ${done.epoch}, after ${done.seconds} s`);
        return EXIT.ok;
      })(),
    );
  addDrill(dr, context);
}

function addDrill(dr: Command, { add, set, show, terminal, nodes }: VerbContext): void {
  add(
    'drill',
    'on the host of the copy: fork it, promote the fork where nobody reaches it, count its rows, throw it away',
    dr,
  ).action((options: Common) =>
    set(async () => {
      const config = copyHere(nodes(options));
      // PostgreSQL's account must reach it: beside the data.
      const folder = join(config.dataDir!, `drill-${Date.now()}`);
      const done = await withProgress(terminal, async (onProgress) => await rehearse(config, folder, onProgress));
      show(options, done, () => renderRehearsal(done, Date.now(), painter(terminal)));
      return done.after.isStreaming ? EXIT.ok : EXIT.unhealthy;
    })(),
  );
}
