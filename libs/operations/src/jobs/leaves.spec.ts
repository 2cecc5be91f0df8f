import { describe, expect, it } from 'vitest';
import { after, command, Desk, unitOf } from './testing/desk.js';

describe('a job that checks for files', () => {
  const check = (more: object = {}) =>
    unitOf([
      { type: 'file-check', id: 'f', facility: 'webs', file: { directory: '/in/#[FACILITY_ID]', name: '.*' }, ...more },
      command('b', { ...after(['f']), command: 'cat #[FFILENAME]' }),
    ]);
  const seen = (desk: Desk, facility: string) =>
    desk.step({
      kind: 'file-seen',
      ...desk.ref('f', facility),
      directory: '/in',
      name: `of ${facility}`,
      sizeBytes: 3,
      modifiedAtMs: 9,
    });

  it('has each agent look, and ends when each saw one', () => {
    const desk = new Desk(check());
    expect(desk.of('watch').map(({ facility, file }) => `${facility} ${file.directory}`)).toEqual([
      'web1 /in/web1',
      'web2 /in/web2',
      'web3 /in/web3',
    ]);
    seen(seen(desk, 'web1'), 'web2');
    expect(desk.state('f')).toBe('running');
    expect(seen(desk, 'web3').states()).toEqual({ f: 'ended', b: 'running' });
    expect(desk.claims()[0]!.command).toBe("cat 'of web3'");
  });

  it('ends when any saw one, and the others need not look any more', () => {
    const desk = seen(new Desk(check({ satisfiedBy: 'any' })), 'web2');
    expect(desk.state('f')).toBe('ended');
    expect(
      desk
        .of('unwatch')
        .map(({ facility }) => facility)
        .sort(),
    ).toEqual(['web1', 'web2', 'web3']);
  });

  it('ends otherwise when the time is over, and is stopped by people', () => {
    const unit = check({ timeoutMinutes: 5, otherwise: { status: 'warning', value: 2 } });
    expect(new Desk(unit).pass(5).run('f')).toMatchObject({ state: 'ended', endStatus: 'warning', endValue: 2 });
    const desk = new Desk(unit).operate('stop', 'f');
    expect([desk.state('f'), desk.of('unwatch').length]).toEqual(['stopped', 3]);
  });

  it('is looked for again by a new Master', () => {
    const desk = seen(new Desk(check()), 'web1').step({ kind: 'resume' });
    expect(desk.of('watch').map(({ facility }) => facility)).toEqual(['web2', 'web3']);
  });
});

describe('a job that waits for something', () => {
  it.each([
    { type: 'file-check', facility: 'web1', file: { directory: '/in', name: 'f' } },
    { type: 'link-receive', messageId: 'm' },
    { type: 'monitor', monitor: 'ping', facility: 'web1' },
  ])('waits in each attempt as long as in the first one ($type)', (body) => {
    const desk = new Desk(unitOf([{ id: 'a', ...body, timeoutMinutes: 5, retry: { attempts: 1, intervalMinutes: 2 } }]));
    expect(desk.pass(5).run('a')).toMatchObject({ state: 'waiting', attempt: 2 });
    expect(desk.pass(2).state('a')).toBe('running');
    expect(desk.pass(4).state('a')).toBe('running');
    expect(desk.pass(1).run('a')).toMatchObject({ state: 'ended', endStatus: 'abnormal', attempt: 2 });
  });
});

describe('a monitor as a job', () => {
  const unit = unitOf([{ type: 'monitor', id: 'm', monitor: 'ping', facility: 'webs', timeoutMinutes: 5 }]);
  const says = (desk: Desk, facility: string, priority: 'info' | 'warning' | 'critical' | 'unknown') =>
    desk.step({ kind: 'monitor-result', ...desk.ref('m', facility), priority, message: '' });

  it('runs it once on each node, and ends with the value of the worst', () => {
    const desk = new Desk(unit);
    expect(desk.of('monitor-run')).toHaveLength(3);
    says(says(says(desk, 'web1', 'info'), 'web2', 'critical'), 'web3', 'unknown');
    expect(desk.run('m')).toMatchObject({ state: 'ended', endStatus: 'abnormal', endValue: 9 });
  });

  it('ends otherwise when it says nothing', () =>
    expect(new Desk(unit).pass(5).run('m')).toMatchObject({ state: 'ended', endStatus: 'abnormal', endValue: -1 }));
});

describe('messages between clusters', () => {
  const send = unitOf([
    { type: 'link-send', id: 's', messageId: 'done', message: 'of #[SESSION_ID]', values: { a: '1' }, attempts: 3 },
  ]);
  const receive = (more: object = {}) =>
    unitOf([
      { type: 'link-receive', id: 'r', messageId: 'done', pattern: '^of', values: { a: '1' }, ...more },
      command('b', { ...after(['r']), command: 'x #[LINK_MESSAGE] #[LINK_a]' }),
    ]);
  const message = (desk: Desk, more: object = {}) => ({
    ...{ id: 'i', messageId: 'done', message: 'of it', priority: 'info' as const, values: { a: '1' }, atMs: desk.nowMs, ...more },
  });

  it('are sent until the other side has them, each time under the same id', () => {
    const desk = new Desk(send);
    expect(desk.of('link-send')).toMatchObject([
      { attempt: 1, message: { message: 'of 20261122010000-000', values: { a: '1' } } },
    ]);
    desk.step({ kind: 'link-sent', job: 's', attempt: 1, ok: false, why: 'refused' }).pass(1);
    const sent = desk.of('link-send', desk.all);
    expect([sent.length, new Set(sent.map((each) => each.message.id)).size]).toEqual([2, 1]);
    expect(desk.step({ kind: 'link-sent', job: 's', attempt: 1, ok: true, why: '' }).run('s')).toMatchObject({
      state: 'ended',
      endStatus: 'normal',
    });
  });

  it('that cannot be sent end the job otherwise', () => {
    const desk = new Desk(send).pass(2);
    expect(desk.state('s')).toBe('running');
    expect(desk.pass(1).run('s')).toMatchObject({ state: 'ended', endStatus: 'abnormal' });
    expect(desk.of('link-send', desk.all)).toHaveLength(3);
  });

  it('that were refused the last time end it at once', () => {
    const desk = new Desk(send).pass(1).pass(1);
    const said = (attempt: number) => desk.step({ kind: 'link-sent', job: 's', attempt, ok: false, why: 'refused' });
    expect(said(2).state('s')).toBe('running');
    expect(said(3).run('s')).toMatchObject({ state: 'ended', endStatus: 'abnormal', why: expect.stringContaining('refused') });
  });

  it('are received when all that is asked of them holds', () => {
    const desk = new Desk(receive());
    for (const wrong of [{ messageId: 'x' }, { message: 'no' }, { values: {} }])
      expect(desk.step({ kind: 'linked', message: message(desk, wrong) }).state('r')).toBe('running');
    expect(desk.step({ kind: 'linked', message: message(desk) }).states()).toEqual({ r: 'ended', b: 'running' });
    expect(desk.claims()[0]!.command).toBe("x 'of it' '1'");
  });

  it('are received that came before the job began, where it says so', () => {
    const before = (desk: Desk) => void desk.messages.push(message(desk, { atMs: desk.nowMs - 60_000 }));
    expect(new Desk(receive({ pastMinutes: 2 }), {}, before).state('r')).toBe('ended');
    expect(new Desk(receive(), {}, before).state('r')).toBe('running');
  });
});

describe('a file transfer', () => {
  const transfer = (nodes: string) =>
    unitOf([
      {
        type: 'file-transfer',
        id: 't',
        source: { facility: 'db1', directory: '/out', name: '.*' },
        target: { facility: 'webs', directory: '/in/#[FACILITY_ID]', nodes },
      },
    ]);
  const listed = (desk: Desk, names: readonly string[]) =>
    desk.step({
      kind: 'transfer-listed',
      ...desk.ref('t', 'list db1'),
      files: names.map((name) => ({ name, sizeBytes: 1, mode: 0o640 })),
      ...{ why: null, away: false },
    });
  const nodeOf = (desk: Desk, facility: string) => desk.run('t').nodes.find((node) => node.facility === facility)!;
  const copied = (desk: Desk, facility: string, ok: boolean, away = false) =>
    desk.step({ kind: 'transfer-ended', ...desk.ref('t', facility), ok, why: '', away });

  it('lists, and copies to each target; each must have it', () => {
    const desk = new Desk(transfer('all'));
    expect(desk.of('transfer-list')).toMatchObject([{ source: 'db1', directory: '/out' }]);
    expect(
      listed(desk, ['x'])
        .of('transfer-copy')
        .map(({ facility, to }) => `${facility} ${to}`),
    ).toEqual(['web1 /in/web1', 'web2 /in/web2', 'web3 /in/web3']);
    copied(copied(copied(desk, 'web1', true), 'web2', false), 'web3', true);
    expect(desk.run('t')).toMatchObject({ state: 'ended', endStatus: 'abnormal' });
  });

  it('is no success where there was no file', () =>
    expect(listed(new Desk(transfer('all')), []).run('t')).toMatchObject({ endStatus: 'abnormal' }));

  it('to one target tries the next one when it failed', () => {
    const desk = listed(new Desk(transfer('one')), ['x']);
    copied(desk, 'web1', false);
    expect(desk.of('transfer-list')).toHaveLength(1);
    copied(listed(desk, ['x']), 'web2', true);
    expect(desk.run('t')).toMatchObject({ state: 'ended', endStatus: 'normal' });
  });

  it('says how far it is, and what of it is stopped goes no further', () => {
    const desk = listed(new Desk(transfer('all')), ['x']);
    desk.step({ kind: 'transfer-progress', ...desk.ref('t', 'web1'), message: '1.0 of 4.0 MiB, x' });
    expect(nodeOf(desk, 'web1').message).toBe('1.0 of 4.0 MiB, x');
    desk.operate('stop', 't');
    expect(desk.of('transfer-stop').map(({ facility }) => facility)).toEqual(['web1', 'web2', 'web3']);
    expect(nodeOf(desk, 'web1').message).toBe('it was stopped. 1.0 of 4.0 MiB, x');
    expect(desk.state('t')).toBe('stopped');
    desk.step({ kind: 'transfer-progress', ...desk.ref('t', 'web1'), message: 'late' });
    expect(nodeOf(desk, 'web1').message).not.toBe('late');
  });

  it('waits for agents that are away as long as its setting says, and ends with its value then', () => {
    const desk = new Desk(transfer('one'));
    expect(desk.of('transfer-list')).toMatchObject([{ patienceMs: 600_000 }]);
    listed(desk, ['x']);
    expect(desk.of('transfer-copy')).toMatchObject([{ patienceMs: 600_000, files: [{ mode: 0o640 }] }]);
    copied(desk, 'web1', false, true);
    expect(nodeOf(desk, 'web1').returnValue).toBe(-1);
  });

  it('is begun once more by a new Master, but for what is there already', () => {
    const desk = copied(listed(new Desk(transfer('all')), ['x']), 'web1', true).step({ kind: 'resume' });
    expect(
      listed(desk, ['x'])
        .of('transfer-copy')
        .map(({ facility }) => facility),
    ).toEqual(['web2', 'web3']);
  });
});
