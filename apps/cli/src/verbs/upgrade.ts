import { versionOf } from '@yosugara/host-control';
import { InvalidInputError } from '@yosugara/kernel';
import type { Command } from 'commander';
import { dataNodeHere, withProgress } from '../commands/backup.js';
import { checkHealth, finishUpgrade, renderCheck, renderUpgrade, upgradeCheck, upgradeStatus } from '../commands/upgrade.js';
import { EXIT } from '../exit-codes.js';
import { CLONE } from '../local/layout.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';

export function addUpgrade(program: Command, context: VerbContext): void {
  const { add, set, controllers, show, terminal } = context;
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
  addPostgres(upgrade, context);
}

interface PostgresOptions extends Common {
  readonly replace: string;
  readonly to: string;
  readonly link: boolean;
}

function addPostgres(upgrade: Command, { add, set, show, terminal, nodes, env }: VerbContext): void {
  add('postgres', 'make of the database of a stopped cluster one of a newer major version of PostgreSQL', upgrade)
    .requiredOption('--replace <node>', 'of this host, which was Master alone: it leads from then on')
    .requiredOption('--to <major>', 'such as 17; its programs are installed beside the old ones')
    .option('--link', 'files are not copied: quick, without room, and the old database can be used no more', false)
    .action((options: PostgresOptions) =>
      set(async () => {
        if (!/^[1-9]\d$/.test(options.to)) throw new InvalidInputError('--to', options.to, 'a major version, such as 17');
        const config = dataNodeHere(nodes(options).filter((node) => node.config?.node === options.replace));
        const by = env['SUDO_USER'] ?? env['USER'] ?? 'an operator';
        const asked = { to: Number(options.to), link: options.link, nowMs: Date.now(), by };
        const { renderUpgraded, upgradePostgres } = await import('../commands/postgres-upgrade.js');
        const done = await withProgress(
          terminal,
          async (tell) => await upgradePostgres(config, asked, (says) => tell(null, says)),
        );
        const others = config.cluster.members.filter(({ kind, id }) => kind !== 'witness' && id !== config.node);
        show(options, done, () =>
          renderUpgraded(
            done,
            others.map(({ id }) => id),
          ),
        );
        return EXIT.ok;
      })(),
    );
}
