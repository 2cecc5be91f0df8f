import { describe, expect, it } from 'vitest';
import { isInList, numberHolds, numbersHold } from './numbers.js';
import { after, command, Desk, jobnet, MIDNIGHT, MINUTE, unitOf, waitsFor } from './testing/desk.js';
import { waitsFor as whatIsWaitedFor } from './waits-for.js';

const two = (wait: object, more: object = {}) => unitOf([command('a'), command('b'), command('x', { ...wait, ...more })]);

describe('numbers', () => {
  it.each([
    ['1,3,5:9', 7, true],
    ['1,3,5:9', 4, false],
    ['-3:-1', -2, true],
    ['-1:-3', -2, true],
    ['0', 0, true],
  ])('%s has %d: %s', (list, value, has) => expect(isInList(list, value)).toBe(has));

  it.each([
    ['=', 1, '1', true],
    ['!=', 1, '1', false],
    ['>', 2, '1', true],
    ['>', 1, '1', false],
    ['>=', 1, '1', true],
    ['<', 0, '1', true],
    ['<=', 2, '1', false],
    ['in', 6, '1,5:9', true],
    ['not-in', 6, '1,5:9', false],
  ] as const)('%s %d %s', (operator, value, against, holds) => expect(numberHolds(operator, value, against)).toBe(holds));

  it('of several nodes the largest decides for >, the smallest for <, each for the others, and none holds for nobody', () => {
    expect(numbersHold('>', [0, 5], '3')).toBe(true);
    expect(numbersHold('<', [0, 5], '3')).toBe(true);
    expect(numbersHold('=', [0, 5], '0')).toBe(false);
    expect(numbersHold('=', [], '0')).toBe(false);
  });
});

describe('start conditions', () => {
  it('joined by and need each, and can never be met when one cannot', () => {
    const desk = new Desk(two(after(['a', 'b'])));
    expect(desk.returns('a', 0).state('x')).toBe('waiting');
    expect(desk.returns('b', 0).state('x')).toBe('running');
    expect(new Desk(two(after(['a', 'b']))).returns('a', 9).state('x')).toBe('ended-unmatched');
  });

  it('joined by or need one, and can never be met when none can', () => {
    const wait = { wait: { groups: [{ operator: 'or', conditions: after(['a', 'b']).wait.groups[0].conditions }] } };
    expect(new Desk(two(wait)).returns('a', 0).state('x')).toBe('running');
    const desk = new Desk(two(wait)).returns('a', 9);
    expect(desk.state('x')).toBe('waiting');
    expect(desk.returns('b', 9).state('x')).toBe('ended-unmatched');
  });

  it('stand in groups that are joined themselves', () => {
    const wait = {
      wait: {
        operator: 'or',
        groups: [
          { conditions: [{ kind: 'end-value', job: 'a', operator: 'in', value: '0,5:9' }] },
          { conditions: [{ kind: 'return-value', job: 'b', operator: '>=', value: '3' }] },
        ],
      },
    };
    expect(new Desk(two(wait)).returns('b', 4).state('x')).toBe('running');
    expect(new Desk(two(wait)).returns('a', 0).state('x')).toBe('running');
    expect(new Desk(two(wait)).returns('b', 0).returns('a', 7).state('x')).toBe('ended-unmatched');
  });

  it('that can never be met are waited for where nobody says how it ends then, until a changed end meets them', () => {
    const desk = new Desk(two(after(['a'], ['normal'], { unmatched: null }))).returns('a', 9);
    expect(desk.state('x')).toBe('waiting');
    expect(whatIsWaitedFor(desk.unit, desk.session, desk.env)).toContainEqual({
      job: 'x',
      needsPeople: false,
      text: 'a to end normal',
    });
    desk.operate('change-end', 'a', { end: { status: 'normal', value: 0 } });
    expect(desk.states()).toMatchObject({ a: 'modified', x: 'running' });
  });

  it('of time are those of the session’s day in the unit’s zone, and the tick is asked for', () => {
    const desk = new Desk(unitOf([command('x', waitsFor([{ kind: 'time', at: '25:30' }]))], { timeZone: 'Asia/Tokyo' }));
    // 01:00 UTC is 10:00 in Tokyo: its day began nine hours before midnight UTC.
    expect(desk.wakeAtMs).toBe(MIDNIGHT + (25.5 - 9) * 60 * MINUTE);
    desk.pass(16 * 60);
    expect(desk.run('x').startedAtMs).toBe(MIDNIGHT + 16.5 * 60 * MINUTE);
  });

  it('of minutes count from the beginning of the session; both kinds do not count in a test run', () => {
    const unit = unitOf([
      command(
        'x',
        waitsFor([
          { kind: 'elapsed', minutes: 5 },
          { kind: 'time', at: '01:03' },
        ]),
      ),
    ]);
    const desk = new Desk(unit);
    expect(desk.pass(4).state('x')).toBe('waiting');
    expect(desk.pass(1).state('x')).toBe('running');
    expect(new Desk(unit, { ignoresTimes: true }).state('x')).toBe('running');
  });

  it('of time that came while something else happened are not passed over', () => {
    const desk = new Desk(unitOf([command('a'), command('x', waitsFor([{ kind: 'elapsed', minutes: 5 }]))]));
    desk.nowMs += 6 * MINUTE;
    expect(desk.returns('a', 0).state('x')).toBe('running');
  });

  it('of variables are judged for good when all else is decided', () => {
    const wait = waitsFor([
      { kind: 'variable', left: '#[COUNT]', operator: '>', right: '3' },
      ...after(['a'], ['normal', 'warning', 'abnormal']).wait.groups[0].conditions,
    ]);
    const desk = new Desk(two(wait));
    desk.returns('a', 0, 'web1', { variables: { COUNT: '4' } });
    expect(desk.state('x')).toBe('running');
    expect(new Desk(two(wait)).returns('a', 0, 'web1', { variables: { COUNT: '3' } }).state('x')).toBe('ended-unmatched');
  });

  it('of variables compare as text, too, and know what other jobs returned', () => {
    const wait = waitsFor([
      { kind: 'variable', left: '#[RETURN:a:web1]/#[END_NUM:a]', operator: 'equal', right: '7/-1' },
      ...after(['a'], ['abnormal']).wait.groups[0].conditions,
    ]);
    expect(new Desk(two(wait)).returns('a', 7).state('x')).toBe('running');
  });

  it('across sessions hold by the newest end that is young enough, and are never too late', () => {
    const unit = two(
      waitsFor([{ kind: 'cross-session-end-status', unit: 'other', job: 'z', withinMinutes: 10, status: ['normal'] }]),
    );
    const ended = (minutesAgo: number, status: 'normal' | 'abnormal') => (desk: Desk) =>
      desk.ends.set('other/z', { status, value: 0, startedAtMs: 0, endedAtMs: desk.nowMs - minutesAgo * MINUTE });
    expect(unit.crossUnits).toEqual(new Set(['other']));
    expect(new Desk(unit, {}, (desk) => ended(10, 'normal')(desk)).state('x')).toBe('running');
    const desk = new Desk(unit, {}, (each) => ended(11, 'normal')(each));
    expect(desk.state('x')).toBe('waiting');
    ended(0, 'abnormal')(desk);
    expect(desk.step({ kind: 'past-end' }).state('x')).toBe('waiting');
    ended(0, 'normal')(desk);
    expect(desk.step({ kind: 'past-end' }).state('x')).toBe('running');
  });

  it('across sessions are judged by a new Master, since the one before may have gone before it said that the other one ended', () => {
    const unit = two(
      waitsFor([{ kind: 'cross-session-end-status', unit: 'other', job: 'z', withinMinutes: 10, status: ['normal'] }]),
    );
    const desk = new Desk(unit);
    desk.ends.set('other/z', { status: 'normal', value: 0, startedAtMs: 0, endedAtMs: desk.nowMs });
    expect(desk.step({ kind: 'tick' }).state('x')).toBe('waiting');
    expect(desk.step({ kind: 'resume' }).state('x')).toBe('running');
  });
});

describe('an exclusive branch', () => {
  const branch = (more: object = {}) =>
    unitOf([
      command('a', { exclusive: { order: ['c', 'b'], others: { status: 'warning', value: 5 } }, endStatus: { warning: '1:9' } }),
      command('b', after(['a'], ['normal', 'warning'])),
      command('c', { ...after(['a'], ['warning']), ...more }),
      command('d', {
        wait: { operator: 'or', groups: [{ operator: 'or', conditions: after(['b', 'c']).wait.groups[0].conditions }] },
      }),
    ]);

  it('runs the one that stands first of those whose conditions hold, and ends the others', () => {
    expect(new Desk(branch()).returns('a', 1).states()).toMatchObject({ b: 'ended-exclusive', c: 'running' });
    expect(new Desk(branch()).returns('a', 0).states()).toMatchObject({ b: 'running', c: 'ended-exclusive' });
  });

  it('ends the others as it says, and they do not count for the end of the whole', () => {
    const desk = new Desk(unitOf([jobnet('net', [...branch().body.jobs.slice(0, 3)])])).returns('a', 1);
    expect(desk.run('b')).toMatchObject({ endStatus: 'warning', endValue: 5 });
    expect(desk.returns('c', 0).run('net')).toMatchObject({ state: 'ended', endStatus: 'normal' });
  });

  it.each([{ hold: true }, { skip: {} }, { calendar: { id: 'never' } }])('passes over one that does not run: %o', (more) => {
    const desk = new Desk(branch(more), {}, (each) => void each.closed.add('never')).returns('a', 1);
    expect(desk.state('b')).toBe('running');
    expect(['ended-exclusive', 'ended-skip', 'ended-calendar']).toContain(desk.state('c'));
  });
});
