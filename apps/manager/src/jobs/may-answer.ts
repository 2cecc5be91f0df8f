import type { JobOf } from '@yosugara/protocol';
import type { Identity } from '../auth/identity.js';

/**
 * Whether somebody is asked by an approval job. @returns why not; null = they are.
 *
 * Who comes with the token of the host (`yosugara jobs approve`) can read the database and all its secrets: who they say they are is
 * believed, and written down.
 */
export function mayAnswer({ role, user }: Pick<JobOf<'approval'>, 'role' | 'user'>, asker: Identity, by: string): string | null {
  if (user !== null && by !== user) return `this is asked of ${user}, and you are ${by}`;
  const { roles } = asker.rights;
  if (asker.came === 'host' || roles.includes(role) || asker.role === 'admin') return null;
  return `this is asked of the role ${role}, and ${asker.login} has ${roles.length === 0 ? 'none' : roles.join(', ')}`;
}
