import { isPolled, MOST_LOOKED_AT, type SettingKind } from '@yosugara/protocol';
import type { SettingsSnapshot } from '@yosugara/runtime';
import { forbidden } from '../auth/gate.js';
import type { Identity } from '../auth/identity.js';
import { ApiRefusal } from '../http/errors.js';

/** A setting that is there, and that whoever asks may act with. What they may not see is not there. @throws ApiRefusal */
export function reached<Kind extends SettingKind>(
  snapshot: SettingsSnapshot,
  kind: Kind,
  id: string,
  { rights, login }: Identity,
  mode: 'execute' | 'read' = 'execute',
) {
  const found = snapshot.get(kind, id);
  if (found === undefined || !rights.reaches(found.ownerRole, 'read'))
    throw new ApiRefusal(404, 'NOT_FOUND', `there is no ${kind} ${id}`);
  if (!rights.reaches(found.ownerRole, mode)) throw forbidden(`a role that executes what ${found.ownerRole} owns`, login);
  return found;
}

/** Nodes that a monitor is to look at now. @param wanted none: all of its target. @throws ApiRefusal */
export function monitorToRun(
  snapshot: SettingsSnapshot,
  id: string,
  wanted: readonly string[],
  asker: Identity,
): readonly string[] {
  const { body, enabled } = reached(snapshot, 'monitor', id, asker);
  const refused = (why: string, place?: string) => new ApiRefusal(409, 'REFUSED', `monitor ${id} ${why}`, place);
  if (!isPolled(body)) throw refused(`(${body.type}) does not look by itself: it judges what comes`);
  if (body.type === 'log-count') throw refused('(log-count) counts whole intervals: a look in between would split one');
  if (!enabled) throw refused('is disabled');
  if (!(body.monitor || body.collect)) throw refused('neither judges nor collects');
  const nodes = new Set(snapshot.facilities.nodesBelow(body.facility));
  const other = wanted.find((facility) => !nodes.has(facility));
  if (other !== undefined) throw refused(`does not look at ${other}: it is no enabled node of ${body.facility}`, 'facilities');
  const all = wanted.length > 0 ? [...new Set(wanted)] : [...nodes].sort();
  if (all.length === 0) throw refused(`has no enabled node in ${body.facility}`);
  if (all.length > MOST_LOOKED_AT)
    throw refused(`looks at ${all.length} nodes: name ${MOST_LOOKED_AT} of them at most`, 'facilities');
  return all;
}
