import type { Command } from 'commander';
import { readAccess, readRole, renderFunctions, renderRole, renderRoles } from '../commands/roles.js';
import { EXIT } from '../exit-codes.js';
import type { Common, VerbContext } from './context.js';

/** The verbs about what rights there are; roles are written as settings. */
export function addRoles(program: Command, { add, set, show, api }: VerbContext): void {
  const roles = program.command('roles').description('what roles may do; they are settings of the kind role');
  add('list', 'roles with how many users have each', roles).action((options: Common) =>
    set(async () => {
      const found = await readAccess(api(options));
      show(options, { roles: found.roles }, () => renderRoles(found));
      return EXIT.ok;
    })(),
  );
  add('show', 'one role: what it grants, and whose objects it reaches', roles)
    .argument('<id>', 'id of the role')
    .action((id: string, options: Common) =>
      set(async () => {
        const found = await readRole(api(options), id);
        show(options, found, () => renderRole(found));
        return EXIT.ok;
      })(),
    );
  add('functions', 'what can be granted: functions with their modes', roles).action((options: Common) =>
    set(async () => {
      const found = await readAccess(api(options));
      show(options, { functions: found.functions }, () => renderFunctions(found));
      return EXIT.ok;
    })(),
  );
}
