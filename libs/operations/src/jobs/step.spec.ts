import { describe, expect, it } from 'vitest';
import { after, command, Desk, jobnet, SPOOL, unitOf } from './testing/desk.js';

describe('a session of two jobs, one after the other', () => {
  const unit = unitOf([command('a'), command('b', after(['a']))]);

  it('claims the first, and says so before anything is sent', () => {
    const desk = new Desk(unit);
    expect(desk.states()).toEqual({ a: 'running', b: 'waiting' });
    expect(desk.run('a').nodes).toMatchObject([{ state: 'claimed', epoch: 7, attempt: 1, spool: null }]);
    expect(desk.claims()).toMatchObject([{ command: 'run a', epoch: 7, run: '20261122010000-000/unit/a/web1/1' }]);
  });

  it('begins the second when the first ended as it should, and ends with it', () => {
    const desk = new Desk(unit).returns('a', 0);
    expect(desk.states()).toEqual({ a: 'ended', b: 'running' });
    desk.returns('b', 1);
    expect(desk.session).toMatchObject({ state: 'ended', endStatus: 'warning', endValue: 1 });
    expect(desk.wakeAtMs).toBe(null);
  });

  it('ends the second without running it when the first ended otherwise', () => {
    const desk = new Desk(unit).returns('a', 5);
    expect(desk.run('a')).toMatchObject({ state: 'ended', endStatus: 'abnormal', endValue: -1 });
    expect(desk.run('b')).toMatchObject({ state: 'ended-unmatched', endStatus: 'abnormal', endValue: -1, startedAtMs: null });
    expect(desk.session).toMatchObject({ state: 'ended', endStatus: 'abnormal' });
    expect(desk.claims()).toHaveLength(1);
  });

  it('is the very same object when nothing changed, and keeps the jobs that did not', () => {
    const desk = new Desk(unit);
    const before = desk.session;
    expect(desk.step({ kind: 'tick' }).session).toBe(before);
    expect(desk.step({ kind: 'agent-here', facility: 'db9', spool: SPOOL }).session).toBe(before);
    const b = before.jobs.get('b');
    expect(desk.launch('a').session).not.toBe(before);
    expect(desk.session.jobs.get('b')).toBe(b);
    expect(before.jobs.get('a')!.nodes[0]!.state).toBe('claimed');
  });
});

describe('a jobnet', () => {
  const unit = unitOf([
    jobnet('net', [command('a'), command('b'), command('c', after(['a', 'b']))]),
    command('last', after(['net'])),
  ]);

  it('runs what waits for nothing at once, and ends with its last jobs', () => {
    const desk = new Desk(unit);
    expect(desk.states()).toEqual({ net: 'running', a: 'running', b: 'running', c: 'waiting', last: 'waiting' });
    desk.returns('b', 0).returns('a', 0).returns('c', 0);
    expect(desk.run('net')).toMatchObject({ state: 'ended', endStatus: 'normal', endValue: 0 });
    expect(desk.state('last')).toBe('running');
  });

  it('can be begun without the rest of its unit', () => {
    const desk = new Desk(unit, { root: 'net' });
    expect(desk.states()).toEqual({ net: 'running', a: 'running', b: 'running', c: 'waiting' });
    desk.returns('a', 0).returns('b', 0).returns('c', 1);
    expect(desk.session).toMatchObject({ state: 'ended', endStatus: 'warning', endValue: 1 });
  });
});
