import { YosugaraError } from '@yosugara/kernel';
import type { AccessOverview } from '@yosugara/protocol';
import { accessOverview } from '@yosugara/protocol/api';
import type { ManagerApi } from '../control/manager-api.js';
import { fields, yesNo } from '../output/fields.js';
import { printable, table } from '../output/terminal.js';

type Role = AccessOverview['roles'][number];

export const readAccess = async (api: ManagerApi): Promise<AccessOverview> => await api.ask(accessOverview());

export async function readRole(api: ManagerApi, id: string): Promise<Role> {
  const found = (await readAccess(api)).roles.find((role) => role.id === id);
  if (found === undefined) throw new YosugaraError('NOT_FOUND', `there is no role ${id}`);
  return found;
}

export const renderRoles = ({ roles }: AccessOverview): string =>
  table(
    ['ROLE', 'NAME', 'USERS', 'ENABLED', ''],
    roles.map(({ id, body, users, enabled, builtIn, given }) => [
      printable(id),
      printable(body.name),
      given ? String(users) : 'everybody',
      yesNo(enabled),
      builtIn ? 'built in' : '',
    ]),
  );

export const renderRole = ({ id, body, users, enabled, builtIn, given }: Role): string =>
  fields([
    ['role', id],
    ['name', body.name],
    ['enabled', `${yesNo(enabled)}${builtIn ? ', built in' : ''}`],
    ['users', given ? String(users) : 'everybody'],
    [
      'may',
      Object.entries(body.grants)
        .map(([what, modes]) => `${what}: ${(modes ?? []).join(' ')}`)
        .join('; '),
    ],
    ['reaches', body.reaches.map(({ owner, modes }) => `${owner}: ${modes.join(' ')}`).join('; ')],
  ]);

export const renderFunctions = ({ functions }: AccessOverview): string =>
  table(
    ['FUNCTION', 'MODES'],
    functions.map(({ id, modes }) => [id, modes.join(' ')]),
  );
