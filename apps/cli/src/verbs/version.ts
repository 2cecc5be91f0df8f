import { versionLine, versionOf } from '@yosugara/host-control';
import { SPEAKS } from '@yosugara/protocol';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { CLONE } from '../local/layout.js';
import type { Common, VerbContext } from './context.js';

/** Of these programs, whatever the cluster runs: nothing is asked. What each member runs says `yosugara upgrade status`. */
export function addVersion(program: Command, { add, set, show }: VerbContext): void {
  program.version(versionLine('yosugara', CLONE), '--version', 'the version of these programs and the levels that they speak');
  add('version', 'the version of these programs and the levels that they speak').action((options: Common) =>
    set(async () => {
      show(options, { version: versionOf(CLONE), speaks: SPEAKS }, () => versionLine('yosugara', CLONE));
      return EXIT.ok;
    })(),
  );
}
