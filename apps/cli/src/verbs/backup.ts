import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseTarget, Repository } from '@yosugara/host-control/backup';
import { YosugaraError } from '@yosugara/kernel';
import { type Command, Option } from 'commander';
import {
  dataNodeHere,
  masterHere,
  renderRestored,
  renderSets,
  renderTaken,
  restoreAside,
  takeBackup,
  verifyBackups,
  withProgress,
} from '../commands/backup.js';
import { RefusedError } from '../control/client.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';
import { addFreeze } from './freeze.js';

interface TakeOptions extends Common {
  readonly type?: 'full' | 'diff' | 'incr';
  readonly ifMaster?: boolean;
}

/** The verbs about backups of the whole cluster (docs/backup.md). */
export function addBackup(program: Command, context: VerbContext): void {
  const backup = program.command('backup').description('backups of the database, the configuration and the journals');
  addTake(backup, context);
  addList(backup, context);
  addVerify(backup, context);
  addRestore(program, context);
  addFreeze(program, context);
}

function addTake(backup: Command, { add, set, show, terminal, nodes, controllers }: VerbContext): void {
  add('take', 'take one now, on the Master; full when none is young enough, else what changed', backup)
    .addOption(new Option('--type <type>', 'rather than what is due').choices(['full', 'diff', 'incr']))
    .option('--if-master', 'on another node: do nothing, and say so; for timers on both', false)
    .action((options: TakeOptions) =>
      set(async () => {
        const status = await controllers(options).status();
        const node = masterHere(nodes(options), status);
        if (node === null) {
          const says = status.master === null ? 'there is no Master' : `${status.master} is Master: take the backup there`;
          if (options.ifMaster !== true) throw new RefusedError('NOT_MASTER', says);
          show(options, { taken: null, why: says }, () => says);
          return EXIT.ok;
        }
        const taken = await withProgress(
          terminal,
          async (onProgress) => await takeBackup(node, status, options.type ?? null, Date.now(), onProgress),
        );
        show(options, { taken }, () => renderTaken(taken));
        return EXIT.ok;
      })(),
    );
}

function addList(backup: Command, { add, set, show, nodes }: VerbContext): void {
  add('list', 'what is in the repository', backup).action((options: Common) =>
    set(async () => {
      const sets = await (await Repository.open(dataNodeHere(nodes(options)))).sets();
      show(options, { sets }, () => renderSets(sets));
      return EXIT.ok;
    })(),
  );
}

function addVerify(backup: Command, { add, set, show, terminal, nodes }: VerbContext): void {
  add('verify', 'read every file of the repository back; 1 when something is damaged', backup)
    .option('--restore', 'and restore the newest into a folder of its own, replay it, read every page, throw it away', false)
    .action((options: Common & { restore: boolean }) =>
      set(async () => {
        const config = dataNodeHere(nodes(options));
        // PostgreSQL's account must reach it: beside the data.
        const scratch = options.restore ? join(config.dataDir!, `verify-${Date.now()}`) : null;
        try {
          const found = await withProgress(terminal, async (onProgress) => await verifyBackups(config, scratch, onProgress));
          const paint = painter(terminal);
          show(options, found, () =>
            [
              renderSets(found.sets),
              ...found.wrong.map((line) => paint(line, 'red')),
              ...(found.restored === null ? [] : [renderRestored(found.restored)]),
              found.wrong.length === 0 ? paint('all of it is as it was put there', 'green') : paint('DAMAGED', 'red'),
            ].join('\n'),
          );
          return found.wrong.length === 0 ? EXIT.ok : EXIT.failure;
        } finally {
          if (scratch !== null) await rm(scratch, { recursive: true, force: true });
        }
      })(),
    );
}

interface RestoreOptions extends Common {
  readonly to: string;
  readonly into?: string;
  readonly replace?: string;
  readonly evidence: string;
  readonly acceptGap: boolean;
}

const NEXT = `Start Yosugara on this node, then on the others, and bring each data node back: yosugara recover <node>.
Take a full backup then: what is archived from now on builds on none.`;
const NEXT_NEW = `Start Yosugara on this node and on the arbiter; when it serves, on the other node, which copies the data.
Take a full backup then: what is archived from now on builds on none.`;

function addRestore(program: Command, { add, set, show, terminal, nodes, env }: VerbContext): void {
  add('restore', 'restore a backup: into a folder to be looked at, or in place of the data of a stopped cluster', program)
    .option('--to <target>', 'latest, a backup as backup list names it, or a time with its zone', 'latest')
    .option('--into <folder>', 'which is made, on the host of a data node; the cluster is not touched')
    .option('--replace <node>', 'in place of the data of the whole cluster, led by this node of this host')
    .option('--evidence <sentence>', 'with --replace: why; it is written into the record', '')
    .option('--accept-gap', 'of latest, when WAL is missing: what there is up to there', false)
    .action((options: RestoreOptions) =>
      set(async () => {
        const target = parseTarget(options.to);
        if ((options.into === undefined) === (options.replace === undefined))
          throw new YosugaraError('USAGE', 'either --into <folder> or --replace <node> is needed');
        if (options.into !== undefined) {
          const config = dataNodeHere(nodes(options));
          const folder = resolve(options.into);
          const restored = await withProgress(
            terminal,
            async (tell) => await restoreAside(config, folder, target, tell, options.acceptGap),
          );
          show(options, restored, () => renderRestored(restored));
          return EXIT.ok;
        }
        const config = dataNodeHere(nodes(options).filter((node) => node.config?.node === options.replace));
        const asked = {
          evidence: options.evidence,
          by: env['SUDO_USER'] ?? env['USER'] ?? 'an operator',
          nowMs: Date.now(),
          acceptGap: options.acceptGap,
        };
        const { restoreCluster } = await import('../commands/restore.js');
        const done = await withProgress(terminal, async (tell) => await restoreCluster(config, target, asked, tell));
        const aside = done.setAside === null ? '' : `\nWhat was here is kept in ${done.setAside}.`;
        const more = done.journals.length === 0 ? '' : `\nJournals of receivers that are back: ${done.journals.join(', ')}.`;
        const backups = done.backups === null ? '' : `\nBackups do not go on: ${done.backups}`;
        show(
          options,
          done,
          () => `${renderRestored(done.restored)}.${aside}${more}${backups}\n${done.beginsGeneration ? NEXT : NEXT_NEW}`,
        );
        return EXIT.ok;
      })(),
    );
}
