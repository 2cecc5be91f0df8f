import { versionOf } from '@yosugara/host-control';
import type { Command } from 'commander';
import { checkHealth, finishUpgrade, renderCheck, renderUpgrade, upgradeCheck, upgradeStatus } from '../commands/upgrade.js';
import { EXIT } from '../exit-codes.js';
import { CLONE } from '../local/layout.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';

export function addUpgrade(program: Command, { add, set, controllers, show, terminal }: VerbContext): void {
  const upgrade = program.command('upgrade').description('versions of the members, and the last step of an upgrade');
  add('status', 'which version each member runs, what levels it speaks, and the cluster’s level', upgrade).action(
    (options: Common) =>
      set(async () => {
        const report = upgradeStatus(await controllers(options).status(), versionOf(CLONE));
        show(options, report, () => renderUpgrade(report));
        return EXIT.ok;
      })(),
  );
  add('check', 'whether a member may be stopped for its new version, and which one comes next', upgrade).action(
    (options: Common) =>
      set(async () => {
        const found = upgradeCheck(await controllers(options).status(), versionOf(CLONE));
        show(options, found, () => renderCheck(found, painter(terminal)));
        return checkHealth(found);
      })(),
  );
  add('finish', 'the last step, when all run the new version: from then on the older one cannot come back', upgrade).action(
    (options: Common) =>
      set(async () => {
        const done = await finishUpgrade(controllers(options));
        show(options, done, () => done.message);
        return EXIT.ok;
      })(),
  );
}
