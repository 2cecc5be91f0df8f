import { listAgents } from '../commands/agents.js';
import { readEvents } from '../commands/events.js';
import { sleep } from '../commands/follow.js';
import { listSeries } from '../commands/graphs.js';
import { readSession, readSessions } from '../commands/jobs.js';
import { listMibs } from '../commands/mib.js';
import { readAccess } from '../commands/roles.js';
import { listSettings } from '../commands/settings.js';
import { listUsers } from '../commands/users.js';
import type { ManagerApi } from '../control/manager-api.js';
import { kindOf } from '../settings/api.js';
import type { Asked } from './sources.js';

/** Somebody waits with a finger on the key. */
const DEADLINE_MS = 1_500;
const MOST = 500;

/** Ids that could stand there. Nobody who answers in time: none. @param given what was typed before */
export async function valuesOf(api: ManagerApi, what: Asked, given: readonly string[]): Promise<readonly string[]> {
  const late = sleep(DEADLINE_MS).then((): readonly string[] => []);
  return await Promise.race([ask(api, what, given).catch(() => []), late]);
}

const idsOf = async (api: ManagerApi, kind: string): Promise<readonly string[]> =>
  (await listSettings(api, kindOf(kind), { limit: MOST })).rows.map(({ id }) => id);

async function ask(api: ManagerApi, what: Asked, given: readonly string[]): Promise<readonly string[]> {
  switch (what) {
    case 'setting':
      return await idsOf(api, given[0] ?? '');
    case 'facility':
      return (await Promise.all([idsOf(api, 'scope'), idsOf(api, 'node')])).flat();
    case 'role':
      return (await readAccess(api)).roles.map(({ id }) => id);
    case 'login':
      return (await listUsers(api, { limit: MOST })).rows.map(({ login }) => login);
    case 'session':
      return (await readSessions(api, {}, MOST, null)).rows.map(({ id }) => id);
    case 'job':
      return (await readSession(api, given[0] ?? '')).jobs.map(({ job }) => job);
    case 'mib':
      return (await listMibs(api)).modules.map(({ name }) => name);
    case 'agent':
      return (await listAgents(api, { limit: MOST })).rows.map(({ agent }) => agent);
    case 'event':
      return (await readEvents(api, { state: 'unconfirmed,confirming' }, MOST, null)).rows.map(({ number }) => String(number));
    case 'series':
      return (await listSeries(api, { limit: MOST })).series.map(({ id }) => String(id));
    case 'member':
      return api.nodes.map(({ id }) => id);
    default:
      return await idsOf(api, what);
  }
}
