import { InvalidInputError } from '@yosugara/kernel';
import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash.js';
import { ASKED, type Asked } from '../completion/sources.js';
import { valuesOf } from '../completion/values.js';
import { zshCompletion } from '../completion/zsh.js';
import { EXIT } from '../exit-codes.js';
import { describe } from '../help/describe.js';
import { printable } from '../output/terminal.js';
import type { VerbContext } from './context.js';

/** What a shell needs to complete command lines. */
export function addCompletion(program: Command, { set, terminal, api }: VerbContext): void {
  program
    .command('completion')
    .description('what bash or zsh needs to complete command lines, with the ids of the cluster: . <(yosugara completion bash)')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh']))
    .action((shell: string) =>
      set(async () => {
        const tree = describe(program);
        terminal.out((shell === 'bash' ? bashCompletion(tree) : zshCompletion(tree)).trimEnd());
        return EXIT.ok;
      })(),
    );
  // Of the shells' scripts. It says nothing rather than something wrong, and never makes anybody wait.
  program
    .command('complete-values <what> [given...]', { hidden: true })
    .description('ids that could stand at a place of a command line, one a line')
    .action((what: string, given: readonly string[]) =>
      set(async () => {
        if (!ASKED.some((each) => each === what)) throw new InvalidInputError('what', what, ASKED.join(', '));
        const found = await valuesOf(api({}), what as Asked, given);
        if (found.length > 0) terminal.out(found.map(printable).join('\n'));
        return EXIT.ok;
      })(),
    );
}
