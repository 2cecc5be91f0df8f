import type { Facilities, NodeBody, NodeSearch, SettingsDifference, SettingView } from '@yosugara/protocol';
import { type Paint, printable, table } from '../output/terminal.js';

const said = (value: unknown): string => (value === undefined ? '–' : printable(JSON.stringify(value)));

/** As a difference is read: what comes, what changes and what goes. */
export function renderDifference(difference: SettingsDifference, paint: Paint): string {
  const { counts, added, changed, removed, dryRun, warnings } = difference;
  const more = (told: number, all: number, what: string) => (all > told ? [`… and ${all - told} more ${what}`] : []);
  const name = ({ kind, id }: { kind: string; id: string }) => printable(`${kind} ${id}`);
  const would = dryRun ? 'would be ' : '';
  return [
    ...added.map((each) => paint(`+ ${name(each)}`, 'green')),
    ...more(added.length, counts.added, 'added'),
    ...changed.flatMap((each) => [
      paint(`~ ${name(each)}`, 'yellow'),
      ...each.differences.map(({ place, before, after }) => `    ${printable(place)}: ${said(before)} → ${said(after)}`),
    ]),
    ...more(changed.length, counts.changed, 'changed'),
    ...removed.map((each) => paint(`- ${name(each)}`, 'red')),
    ...more(removed.length, counts.removed, 'removed'),
    ...warnings.map(({ place, message, ...of }) => paint(printable(`! ${name(of)}: ${place}: ${message}`), 'yellow')),
    `${counts.added} ${would}added, ${counts.changed} ${would}changed, ${counts.removed} ${would}removed, ${counts.unchanged} as before`,
  ].join('\n');
}

export function renderNodes(rows: readonly SettingView[]): string {
  if (rows.length === 0) return 'no node is like that';
  const cells = rows.map(({ id, enabled, body }) => {
    const { name, addresses, hostNames, scopes, platform } = body as NodeBody;
    const shown = [id, name, addresses.join(' '), hostNames.join(' '), platform, scopes.join(' '), enabled ? 'yes' : 'no'];
    return shown.map(printable);
  });
  return table(['NODE', 'NAME', 'ADDRESSES', 'HOST NAMES', 'PLATFORM', 'SCOPES', 'ENABLED'], cells);
}

/** One setting, with its secrets named and not shown. */
export function renderSetting(setting: SettingView): string {
  const { kind, id, revision, description, enabled, ownerRole, modifiedAt, modifiedBy, hasSecret, body } = setting;
  return [
    printable(`${kind} ${id}, revision ${revision} of ${modifiedAt} by ${modifiedBy}`),
    ...(description === '' ? [] : [printable(description)]),
    printable(`${enabled ? 'enabled' : 'disabled'}, of ${ownerRole}`),
    ...JSON.stringify(body, null, 2).split('\n').map(printable),
    ...(hasSecret.length === 0 ? [] : [printable(`secrets that are set: ${hasSecret.join(', ')}`)]),
  ].join('\n');
}

export function renderSearch({ agents, asked, left, trouble }: NodeSearch): string {
  const rows = agents.map(({ address, name, platform, nodes, description }) =>
    [address, name, platform, nodes.length === 0 ? 'new' : nodes.join(' '), description].map(printable),
  );
  return [
    ...(rows.length === 0 ? [] : [table(['ADDRESS', 'NAME', 'PLATFORM', 'NODE', 'DESCRIPTION'], rows)]),
    `${agents.length} of ${asked} addresses answered`,
    ...(left === 0 ? [] : [`${left} were not asked: the time was up`]),
    ...(trouble === null ? [] : [printable(trouble)]),
  ].join('\n');
}

export function renderScopes({ scopes, nodes }: Facilities, paint: Paint): string {
  const depths = new Map<string, number>();
  const rows = scopes.map(({ id, name, parent, builtIn, enabled, nodes: own, nodesBelow }) => {
    const depth = parent === null ? 0 : (depths.get(parent) ?? 0) + 1;
    depths.set(id, depth);
    const shown = `${'  '.repeat(depth)}${printable(id)}`;
    const state = [builtIn ? 'built in' : '', enabled ? '' : 'disabled'].filter((word) => word !== '').join(', ');
    return [shown, printable(name), String(own), String(nodesBelow), paint(state, 'dim')];
  });
  return `${table(['SCOPE', 'NAME', 'NODES', 'ENABLED BELOW', ''], rows)}\n${nodes} nodes`;
}
