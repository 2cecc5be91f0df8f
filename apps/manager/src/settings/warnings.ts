import { variableWarnings } from '@yosugara/operations';
import { isPolled, type MonitorBody, type NodeBody, type SettingInput, type SettingWarning } from '@yosugara/protocol';
import type { SettingsSnapshot } from '@yosugara/runtime';

/** Of one answer. */
const MOST_WARNINGS = 100;

/**
 * What is taken and works otherwise than it looks, of settings that are to be or were stored.
 *
 * @param snapshot what there is beside them.
 */
export function warningsOf(settings: readonly SettingInput[], snapshot: SettingsSnapshot): readonly SettingWarning[] {
  const names = namesOnDemand(settings, snapshot);
  const found: SettingWarning[] = [];
  for (const { kind, id, body } of settings) {
    if (found.length >= MOST_WARNINGS) break;
    found.push(...warningsOfOne(kind, body, settings, snapshot, names).map((each) => ({ kind, id, ...each })));
  }
  return found.slice(0, MOST_WARNINGS);
}

type Found = readonly Omit<SettingWarning, 'kind' | 'id'>[];

function warningsOfOne(
  kind: SettingInput['kind'],
  body: unknown,
  settings: readonly SettingInput[],
  snapshot: SettingsSnapshot,
  names: () => ReadonlySet<string>,
): Found {
  switch (kind) {
    case 'notification':
    case 'mail-template':
    case 'rest-access':
      // Nearly all have none: then nobody looks through a hundred thousand nodes.
      return variableWarnings(kind, body).length === 0 ? [] : variableWarnings(kind, body, names());
    case 'monitor':
      return countsNothing(body as MonitorBody, settings, snapshot);
    default:
      return [];
  }
}

/** Names of the variables of all nodes, those among `settings` too. */
function namesOnDemand(settings: readonly SettingInput[], snapshot: SettingsSnapshot): () => ReadonlySet<string> {
  let names: Set<string> | null = null;
  return () => {
    if (names !== null) return names;
    names = new Set();
    const imported = settings.flatMap(({ kind, body }) => (kind === 'node' ? [body as NodeBody] : []));
    for (const { variables } of imported) for (const name of Object.keys(variables ?? {})) names.add(name);
    for (const { body } of snapshot.nodes.values()) for (const name of Object.keys(body.variables ?? {})) names.add(name);
    return names;
  };
}

function countsNothing(body: MonitorBody, settings: readonly SettingInput[], snapshot: SettingsSnapshot): Found {
  if (body.type !== 'log-count') return [];
  const { of } = body.check;
  const counted = (settings.find(({ kind, id }) => kind === 'monitor' && id === of) ?? snapshot.get('monitor', of))?.body;
  if (counted === undefined || !isPolled(counted as MonitorBody)) return [];
  const message = `the monitor ${of} receives no lines: it is of the type ${(counted as MonitorBody).type}, so there will be nothing to count`;
  return [{ place: 'check.of', message }];
}
