import { scheduleOf } from '@yosugara/operations';
import { parseSetting } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { readSettings, SettingsSnapshot } from '../settings/index.js';
import { AgentTasks } from './agent-tasks.js';

function snapshotOf(...documents: object[]): SettingsSnapshot {
  const snapshot = new SettingsSnapshot();
  const stored = documents.map((document) => {
    const parsed = parseSetting(document);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
    return { ...parsed.setting, revision: 1 };
  });
  snapshot.add(readSettings(stored));
  return snapshot;
}

const node = (id: string, body: object = {}) => ({ kind: 'node', id, body: { name: id, scopes: ['web'], ...body } });
const WEB = { kind: 'scope', id: 'web', body: { name: 'Web' } };
const monitor = (id: string, body: object, head: object = {}) => ({
  kind: 'monitor',
  id,
  body: { facility: 'web', ...body },
  ...head,
});
const LOG = { type: 'log-file', check: { directory: '/var/log/#[APP]', file: 'app\\.log' }, rules: [] };
const custom = (check: object) => ({
  ...{ type: 'custom-string', intervalS: 60, rules: [] },
  check: { command: ['/bin/check', "it's #[FACILITY_ID]"], ...check },
});

describe('what an agent does by itself', () => {
  it('are the log files of its node’s monitors, with the node’s own properties in their places', () => {
    const tasks = new AgentTasks(snapshotOf(WEB, node('web1', { variables: { APP: 'shop' } }), monitor('m', LOG)));
    expect(tasks.of('web1')).toMatchObject([
      { kind: 'log-file', id: 'monitor/m/web1', directory: '/var/log/shop', name: 'app\\.log' },
    ]);
    expect(tasks.of('web2')).toEqual([]);
  });

  it('are commands of monitors at the ticks that the monitor has, each word in quotes', () => {
    const [task] = new AgentTasks(snapshotOf(WEB, node('web1'), monitor('m', custom({})))).of('web1');
    expect(task).toMatchObject({ kind: 'custom', id: 'monitor/m/web1', user: null, ...scheduleOf('m', 'web1', 60_000) });
    expect(task).toMatchObject({ command: `'/bin/check' 'it'\\''s web1'` });
  });

  it('are those of all nodes where one agent is asked for them', () => {
    const all = [WEB, node('web2'), node('web1'), node('tools', { scopes: [] })];
    const tasks = new AgentTasks(snapshotOf(...all, monitor('m', custom({ runOn: 'tools' }))));
    expect(tasks.of('tools').map(({ id }) => id)).toEqual(['monitor/m/web1', 'monitor/m/web2']);
    expect(tasks.of('web1')).toEqual([]);
  });

  it('are files that a trigger waits for', () => {
    const trigger = {
      ...{ kind: 'job-trigger', id: 't' },
      body: { type: 'file-check', unit: 'u', facility: 'web', file: { directory: '/in', name: '.*\\.csv' } },
    };
    expect(new AgentTasks(snapshotOf(WEB, node('web1'), trigger)).of('web1')).toEqual([
      { kind: 'file-watch', id: 'trigger/t/web1', directory: '/in', name: '.*\\.csv', change: 'created', notInUse: true },
    ]);
  });

  it.each([
    ['a monitor that is disabled', [node('web1'), monitor('m', LOG, { enabled: false })]],
    ['a monitor that neither judges nor collects', [node('web1'), monitor('m', { ...LOG, monitor: false, collect: false })]],
    ['a node that is disabled', [{ ...node('web1'), enabled: false }, monitor('m', LOG)]],
    [
      'what is looked at from outside',
      [node('web1'), monitor('m', { type: 'ping', intervalS: 60, numeric: { info: [0, 1], warning: [1, 2] } })],
    ],
  ])('is nothing of %s', (_, documents) => expect(new AgentTasks(snapshotOf(WEB, ...documents)).of('web1')).toEqual([]));
});
