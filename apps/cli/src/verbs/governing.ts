import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { drill, renderDrill } from '../commands/drill.js';
import { fenceCheck, fenceHealth, fenceOff, fenceStatus, renderFence } from '../commands/fence.js';
import { CommandFailedError } from '../commands/follow.js';
import { maintenance } from '../commands/maintenance.js';
import { pause, resume } from '../commands/pause.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { whoAsks, wholeSeconds } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { addDr } from './dr.js';

const MAX_MINUTES = 10_080;
const minutes = (text: string): number => {
  const found = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || found <= 0 || found > MAX_MINUTES)
    throw new InvalidArgumentError(`minutes above 0, at most ${MAX_MINUTES}, are needed`);
  return found;
};

/** The verbs that govern what the cluster may do by itself, and that rehearse it. */
export function addGoverning(program: Command, context: VerbContext): void {
  addPause(context);
  addMaintenance(context);
  addFence(program, context);
  addDrill(context);
  addDr(program, context);
}

function addPause({ add, set, controllers, show }: VerbContext): void {
  add('pause', 'no automatic take-over for a while; it ends by itself')
    .requiredOption('--minutes <n>', 'for how long', minutes)
    .requiredOption('--why <text>', 'shown to everybody who looks at the status')
    .action((options: Common & { minutes: number; why: string }) =>
      set(async () => {
        const done = await pause(controllers(options), { minutes: options.minutes, why: options.why });
        show(options, done, () => `paused until ${done.until}: ${done.message}`);
        return EXIT.ok;
      })(),
    );
  add('resume', 'end a pause').action((options: Common) =>
    set(async () => {
      const done = await resume(controllers(options));
      show(options, done, () => done.message);
      return EXIT.ok;
    })(),
  );
}

function addMaintenance({ add, set, controllers, show }: VerbContext): void {
  add('maintenance', 'take a node out on purpose, for a time that ends by itself')
    .argument('<node>', 'name of the node')
    .option('--on', 'take it out', false)
    .option('--off', 'it is back in service', false)
    .option('--minutes <n>', 'with --on: for how long', minutes)
    .option('--why <text>', 'with --on: shown to everybody who looks at the status')
    .action((node: string, options: Common & { on: boolean; off: boolean; minutes?: number; why?: string }) =>
      set(async () => {
        if (options.on === options.off) throw new CommandFailedError('USAGE', 'maintenance: one of --on and --off is needed');
        if (options.on && (options.minutes === undefined || options.why === undefined))
          throw new CommandFailedError('USAGE', 'maintenance --on: --minutes and --why are needed');
        const asked = { node, minutes: options.on ? options.minutes! : 0, why: options.why ?? '' };
        const done = await maintenance(controllers(options), asked);
        const until = done.until === null ? '' : ` until ${done.until}`;
        show(options, done, () => `${node}: ${done.state}${until}: ${done.message}`);
        return EXIT.ok;
      })(),
    );
}

function addFence(program: Command, context: VerbContext): void {
  const { add, set, controllers, show, terminal } = context;
  const fence = program.command('fence').description('the power devices that switch a lost node off');
  add('status', 'how each device was when it was last read, and how long it takes to switch off', fence).action(
    (options: Common) =>
      set(async () => {
        const report = fenceStatus(await controllers(options).status());
        show(options, report, () => renderFence(report, painter(terminal)));
        return fenceHealth(report);
      })(),
  );
  add('check', 'read the devices now, with their real credentials; nothing is switched', fence)
    .argument('[node]', 'default: all')
    .action((node: string | undefined, options: Common) =>
      set(async () => {
        const report = await fenceCheck(controllers(options), node);
        show(options, report, () => renderFence(report, painter(terminal)));
        return fenceHealth(report);
      })(),
    );
  addFenceOff(fence, context);
}

function addFenceOff(fence: Command, { add, set, controllers, show, terminal }: VerbContext): void {
  interface Asked {
    readonly why: string;
    readonly yesCutPower: string;
    readonly evenIfNobodyServes: boolean;
    readonly timeout: number;
  }
  add('off', 'have the power of a node cut now; the Master hands over first', fence)
    .argument('<node>', 'name of the node')
    .requiredOption('--why <text>', 'it is written down')
    .requiredOption('--yes-cut-power <node>', 'its name once more: its power is cut in the middle of whatever it does')
    .option('--even-if-nobody-serves', 'from here, at once, without asking the cluster', false)
    .option('--timeout <seconds>', 'how long to follow', wholeSeconds, 120)
    .action((node: string, options: Common & Asked) =>
      set(async () => {
        const { why, yesCutPower, evenIfNobodyServes: force, timeout } = options;
        if (yesCutPower !== node)
          throw new CommandFailedError(
            'USAGE',
            `fence off: --yes-cut-power says ${yesCutPower}, and ${node} is to be switched off`,
          );
        const asked = { node, why, by: whoAsks(), force, deadlineMs: timeout * 1_000 };
        const done = await fenceOff(controllers(options), asked, terminal);
        show(options, done, () => done.says);
        return EXIT.ok;
      })(),
    );
}

function addDrill({ add, set, controllers, show, terminal }: VerbContext): void {
  add('drill', 'a rehearsed take-over in operation, with the measured time of each step')
    .option('--back', 'and return to the Master of before', false)
    .option('--timeout <seconds>', 'how long to follow each way', wholeSeconds, 120)
    .action((options: Common & { back: boolean; timeout: number }) =>
      set(async () => {
        const asked = { back: options.back, deadlineMs: options.timeout * 1_000 };
        const done = await drill(controllers(options), asked, terminal);
        show(options, done, () => renderDrill(done));
        return EXIT.ok;
      })(),
    );
}
