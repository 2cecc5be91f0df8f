import { type AgentNews, type MonitorBody, MonitorBodySchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { agentTaskId, type NewsWorld, partsOfTask, samplesOfNews } from './agent-news.js';

const bodyOf = (body: object): MonitorBody => MonitorBodySchema.parse({ facility: 'web', ...body });
const LOG = bodyOf({ type: 'log-file', check: { directory: '/var/log', file: 'app\\.log' }, rules: [] });
const CUSTOM = bodyOf({
  ...{ type: 'custom-numeric', intervalS: 60, check: { command: ['/bin/queue'] } },
  numeric: { info: [0, 10], warning: [10, 20] },
});
const FOR_ALL = { ...CUSTOM, check: { ...(CUSTOM as { check: object }).check, runOn: 'tools1' } } as MonitorBody;

const worldOf = (body: MonitorBody, more: Partial<NewsWorld> & { enabled?: boolean } = {}): NewsWorld => ({
  monitor: (id) => (id === 'm' ? { enabled: more.enabled ?? true, body } : null),
  isWithin: (facility, target) => target === 'web' && facility.startsWith('web'),
  isOpen: () => true,
  ...more,
});

const said = (news: AgentNews, agent = 'web1') => ({ agent, spool: 'ab', number: 7, news });
const lines = (...texts: string[]): AgentNews => ({
  ...{ kind: 'lines', task: 'monitor/m/web1', file: '/var/log/app.log' },
  lines: texts.map((text, at) => ({ atMs: 1_000 + at, text })),
});
const custom = (more: Partial<Extract<AgentNews, { kind: 'custom' }>> = {}): AgentNews => ({
  ...{ kind: 'custom', task: 'monitor/m/web1', dueAtMs: 60_000, atMs: 60_120, why: null },
  values: [
    { key: 'mail', value: '12' },
    { key: 'print', value: '3' },
  ],
  ...more,
});

describe('what an agent tells', () => {
  it('is a sample a line, each with an origin of its own that it has again when it is said again', () => {
    const samples = samplesOfNews(said(lines('one', 'two')), worldOf(LOG));
    expect(samples.map(({ origin, atMs, value }) => [origin, atMs, value])).toEqual([
      ['ab:7.0', 1_000, { kind: 'text', text: 'one' }],
      ['ab:7.1', 1_001, { kind: 'text', text: 'two' }],
    ]);
    expect(samplesOfNews(said(lines('one', 'two')), worldOf(LOG))).toEqual(samples);
  });

  it('is a sample a key of a tick, whose origin is the time that it was due', () => {
    const samples = samplesOfNews(said(custom()), worldOf(CUSTOM));
    expect(samples).toMatchObject([
      { monitor: 'm', facility: 'web1', item: 'mail', origin: '60000', atMs: 60_120, value: { kind: 'text', text: '12' } },
      { item: 'print', origin: '60000' },
    ]);
  });

  it('is one sample of a key that a command says twice: the last', () => {
    const values = [
      { key: 'k', value: '1' },
      { key: 'k', value: '2' },
    ];
    expect(samplesOfNews(said(custom({ values })), worldOf(CUSTOM))).toMatchObject([{ value: { text: '2' } }]);
  });

  it('is a failure when its command went wrong', () =>
    expect(samplesOfNews(said(custom({ values: [], why: 'exit 2' })), worldOf(CUSTOM))).toMatchObject([
      { item: '', value: { kind: 'failure', why: 'exit 2' } },
    ]));

  it('is asked for its calendar at the time of the line, and of the tick', () => {
    const world = worldOf(LOG, { isOpen: (_, atMs) => atMs !== 1_000 });
    expect(samplesOfNews(said(lines('one', 'two')), world)).toMatchObject([{ value: { text: 'two' } }]);
    expect(samplesOfNews(said(custom()), worldOf(CUSTOM, { isOpen: (_, atMs) => atMs !== 60_000 }))).toEqual([]);
  });

  it.each([
    ['another node’s agent', said(lines('x'), 'web2'), worldOf(LOG)],
    ['a node that the monitor is not about any more', said(lines('x')), worldOf(LOG, { isWithin: () => false })],
    ['a monitor that is disabled', said(lines('x')), worldOf(LOG, { enabled: false })],
    ['a monitor that is no more', said(lines('x')), worldOf(LOG, { monitor: () => null })],
    ['a monitor of another type', said(lines('x')), worldOf(CUSTOM)],
    ['one agent for all, said by another one', said(custom()), worldOf(FOR_ALL)],
    ['a run', said({ kind: 'run-started', run: 'r', atMs: 1, pid: 2 }), worldOf(LOG)],
    ['a job’s task', said({ ...lines('x'), task: 'job/s/u/j' } as AgentNews), worldOf(LOG)],
  ])('is nothing to a monitor: %s', (_, news, world) => expect(samplesOfNews(news, world)).toEqual([]));

  it('may be of other nodes when the monitor asks this agent for all of them', () =>
    expect(samplesOfNews(said(custom(), 'tools1'), worldOf(FOR_ALL))).toMatchObject([
      { facility: 'web1' },
      { facility: 'web1' },
    ]));
});

it('names tasks so that they can be told apart again', () => {
  const task = { kind: 'monitor', id: 'disk:1', facility: 'a.example@x' } as const;
  expect(partsOfTask(agentTaskId(task))).toEqual(task);
  for (const other of ['job/a/b', 'monitor/a', 'monitor/a/b/c', '']) expect(partsOfTask(other)).toBeNull();
});
