import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParsedMessage } from '../events/record.js';
import { parseSyslog } from '../events/syslog.js';
import { compileMonitor } from './compile.js';
import { judge } from './judge.js';
import { LineJudge, type LineWorld, lineOf, type ReceivedLine } from './lines.js';
import { aMessage, aMonitor, NOON_MS } from './testing/monitors.js';
import { naivePatterns } from './testing/naive-patterns.js';
import { pastedLine, tryLine } from './try-line.js';

const NO_BYTES = new Uint8Array();
/** web1 and db1 are in `servers`; the calendar `night` is closed at noon. */
const world: LineWorld = {
  isWithin: (facility, target) => facility === target || (target === 'servers' && ['web1', 'db1'].includes(facility)),
  isOpen: (calendar, atMs) => calendar === null || atMs !== NOON_MS,
};
const line = (message: Partial<ParsedMessage>, parts: Partial<ReceivedLine> = {}): ReceivedLine => ({
  ...{
    kind: 'syslog',
    origin: 'ja:7',
    message: aMessage(message),
    raw: NO_BYTES,
    facility: 'web1',
    sender: null,
    atMs: NOON_MS,
    ...parts,
  },
});
const syslog = (id: string, body: object) => aMonitor({ type: 'syslog', ...body }, { id });
const samples = (monitors: readonly ReturnType<typeof syslog>[], of: ReceivedLine) =>
  new LineJudge(monitors, naivePatterns, world).samplesOf(of);
const heard = (monitors: readonly ReturnType<typeof syslog>[], of: ReceivedLine) =>
  samples(monitors, of).map(({ monitor, value }) =>
    value.kind === 'matched' ? `${monitor} ${value.sub} ${value.priority}: ${value.message}` : monitor,
  );

describe('what rules are matched with', () => {
  it.each([
    [{ app: 'sshd', procId: '77', text: 'Failed password' }, 'sshd[77]: Failed password'],
    [{ app: 'su', text: 'x' }, 'su: x'],
    [{ text: 'x' }, 'x'],
  ])('of %j is %s', (parts, text) => expect(lineOf(aMessage(parts))).toBe(text));
});

describe('a line', () => {
  const failed = line({ app: 'sshd', procId: '77', text: 'Failed password for root' });
  const rules = [
    { pattern: '.*for backup', action: 'ignore' },
    { pattern: 'sshd.*for (?<user>\\w+)', message: 'Login of #[user] failed', priority: 'warning' },
    { pattern: '.*' },
  ];
  it('is told by the first rule of each monitor that matches', () =>
    expect(heard([syslog('a', { rules }), syslog('b', { rules: rules.slice(2) })], failed)).toEqual([
      'a 2 warning: Login of root failed',
      'b 1 critical: sshd[77]: Failed password for root',
    ]));
  it('that a rule ignores is told by none behind it', () =>
    expect(heard([syslog('a', { rules })], line({ app: 'sshd', text: 'Failed password for backup' }))).toEqual([]));
  it('becomes an event with its own time, whole', () => {
    const monitor = syslog('a', { rules, notifications: ['mail'] });
    const [sample] = samples([monitor], { ...failed, facility: 'UNREGISTERED', sender: '10.9.8.7' }).concat(
      samples([monitor], failed),
    );
    expect(judge(monitor, sample!, null)).toMatchObject({
      state: null,
      results: [
        {
          id: 'a/web1//2/ja:7',
          atMs: NOON_MS,
          original: 'sshd[77]: Failed password for root',
          notifications: ['mail'],
          sub: '2',
        },
      ],
    });
  });
  it('is judged by monitors of its node and of scopes around it', () => {
    const monitors = ['web1', 'servers', 'db1', 'UNREGISTERED'].map((facility) =>
      syslog(facility, { facility, rules: [{ pattern: '.*', message: 'x' }] }),
    );
    expect(heard(monitors, failed)).toEqual(['web1 1 critical: x', 'servers 1 critical: x']);
    expect(heard(monitors, { ...failed, facility: 'UNREGISTERED', sender: '10.9.8.7' })).toEqual(['UNREGISTERED 1 critical: x']);
  });
  it('is judged when the calendar is open at its own time', () => {
    const monitor = syslog('a', { calendar: 'night', rules: [{ pattern: '.*', message: 'x' }] });
    expect(heard([monitor], failed)).toEqual([]);
    expect(heard([monitor], { ...failed, atMs: NOON_MS + 1 })).toEqual(['a 1 critical: x']);
  });
  it('is not judged by what is disabled or does not judge', () => {
    const body = { rules: [{ pattern: '.*' }] };
    expect(heard([syslog('a', { ...body, monitor: false }), { ...syslog('b', body), enabled: false }], failed)).toEqual([]);
  });
  it('of a broken rule is none, and the others work', () => {
    const monitor = syslog('a', { rules: [{ pattern: '(' }, { pattern: '.*', message: 'x' }] });
    expect(monitor.problems).toEqual([{ place: 'rules.0.pattern', says: expect.stringContaining('Unterminated group') }]);
    expect(heard([monitor], failed)).toEqual(['a 2 critical: x']);
  });
});

describe('conditions beside the text', () => {
  const message = parseSyslog(
    new TextEncoder().encode('<165>1 2026-11-21T10:14:15Z web1 evntslog 77 ID47 [x@1 ip="10.0.0.1" ip="10.0.0.2"] started'),
    NOON_MS * 1_000,
  );
  it.each([
    [{}, true],
    [{ facilities: ['local4'] }, true],
    [{ facilities: ['auth', 'local5'] }, false],
    [{ severities: ['notice', 'err'] }, true],
    [{ severities: ['err'] }, false],
    [{ app: { pattern: 'evnt.*' } }, true],
    [{ app: { pattern: 'evnt' } }, false],
    [{ host: { pattern: 'web', mode: 'contains' } }, true],
    [{ structured: [{ id: 'x@1', param: 'ip' }] }, true],
    [{ structured: [{ id: 'x@1', param: 'constructor' }] }, false],
    [{ structured: [{ id: 'x@1', param: 'ip', value: { pattern: '10.0.0.2' } }] }, true],
    [{ structured: [{ id: 'x@1', param: 'ip', value: { pattern: '10.0.0.3' } }] }, false],
    [{ facilities: ['local4'], app: { pattern: 'x' } }, false],
  ])('%j', (where, matches) => {
    const monitor = syslog('a', { rules: [{ pattern: '.*', where, message: 'x' }] });
    expect(heard([monitor], { ...line({}), message })).toEqual(matches ? ['a 1 critical: x'] : []);
  });
  it('that do not hold leave the line to the next rule', () => {
    const monitor = syslog('a', {
      rules: [
        { pattern: '.*', where: { severities: ['err'] } },
        { pattern: '.*', message: 'second' },
      ],
    });
    expect(heard([monitor], { ...line({}), message })).toEqual(['a 2 critical: second']);
  });
});

describe('a custom trap', () => {
  const numeric = aMonitor(
    { type: 'custom-trap-numeric', check: { key: { pattern: 'disk.*' } }, numeric: { info: [0, 80], warning: [80, 90] } },
    { id: 'n' },
  );
  const string = aMonitor({ type: 'custom-trap-string', rules: [{ pattern: '.*bad.*' }] }, { id: 's' });
  const posted = (app: string, type: string, text: string) =>
    line({ app, text, structured: { custom: { type } } }, { kind: 'custom' });
  const got = (of: ReceivedLine) => samples([numeric, string], of).map(({ monitor, item, value }) => [monitor, item, value]);
  it('is a number for monitors of numbers whose key matches, and a text for those of texts', () => {
    expect(got(posted('disk.root', 'number', '93'))).toEqual([
      ['n', 'disk.root', { kind: 'number', number: 93 }],
      ['s', 'disk.root', { kind: 'text', text: '93' }],
    ]);
    expect(got(posted('cpu', 'number', '93')).map(([id]) => id)).toEqual(['s']);
    expect(got(posted('disk.root', 'string', 'bad')).map(([id]) => id)).toEqual(['s']);
  });
});

it('all monitors together say what each says alone', () => {
  const pattern = fc.constantFrom('.*a.*', 'b+', '[ab]*c', '.*', 'a(b|c)', '.*bb.*');
  const rule = fc.record({
    pattern,
    action: fc.constantFrom('process', 'ignore'),
    enabled: fc.boolean(),
    caseSensitive: fc.boolean(),
    mode: fc.constantFrom('whole', 'regex'),
  });
  fc.assert(
    fc.property(fc.array(fc.array(rule, { maxLength: 5 }), { maxLength: 6 }), fc.stringMatching(/^[abcAB]{0,8}$/), (of, text) => {
      const monitors = of.map((rules, at) => syslog(`m${at}`, { rules }));
      const together = heard(monitors, line({ text }));
      const alone = monitors.flatMap((monitor) => heard([monitor], line({ text })));
      expect(together).toEqual(alone);
      // By hand: the first enabled rule that matches decides.
      const byHand = of.flatMap((rules, at) => {
        const first = rules.findIndex(
          ({ pattern: source, enabled, caseSensitive, mode }) =>
            enabled && new RegExp(mode === 'whole' ? `^(?:${source})$` : source, caseSensitive ? 's' : 'si').test(text),
        );
        return first < 0 || rules[first]!.action === 'ignore' ? [] : [`m${at} ${first + 1} critical: ${text}`];
      });
      expect(together).toEqual(byHand);
      // And the tester says the same.
      for (const [at, monitor] of monitors.entries()) {
        const tried = tryLine(monitor, { kind: 'text', text });
        expect(tried.told === null ? [] : [`${tried.told.priority}: ${tried.told.message}`]).toEqual(
          together.filter((one) => one.startsWith(`m${at} `)).map((one) => one.replace(/^\S+ \S+ /, '')),
        );
      }
    }),
  );
});

describe('trying a line', () => {
  const rules = [
    { description: 'Backups', pattern: '.*backup.*', action: 'ignore' },
    { pattern: 'x', mode: 'contains', enabled: false },
    { pattern: 'Failed', mode: 'regex', where: { severities: ['err'] } },
    { pattern: '(', mode: 'whole' },
    { description: 'Logins', pattern: '.*Failed.*', priority: 'warning' },
    { pattern: '.*' },
  ];
  const monitor = compileMonitor({ id: 'a', enabled: true, body: syslog('a', { rules }).body }, naivePatterns);
  it('says of each rule why it did or did not', () => {
    const message = aMessage({ app: 'sshd', text: 'Failed password', severity: 4 });
    const tried = tryLine(monitor, { kind: 'message', message, raw: NO_BYTES });
    expect(tried).toMatchObject({
      text: 'sshd: Failed password',
      why: 'rule 5 tells it',
      told: { priority: 'warning', message: 'sshd: Failed password' },
    });
    expect(tried.rules.map(({ place, outcome }) => `${place} ${outcome}`)).toEqual([
      ...['1 no match', '2 disabled', '3 other conditions', '4 broken', '5 tells', '6 behind'],
    ]);
    expect(tried.rules[2]!.why).toBe('its severity is warning');
  });
  it('says that a rule ignores it', () =>
    expect(tryLine(monitor, { kind: 'text', text: 'the backup Failed' })).toMatchObject({
      told: null,
      why: 'rule 1 ignores it',
    }));
  it('of a monitor without rules says so', () =>
    expect(tryLine(aMonitor({ type: 'ping' }), { kind: 'text', text: 'x' }).why).toBe(
      'a monitor of the type ping has no rules for texts',
    ));
  it('takes a line as it is pasted, with or without what is before its text', () => {
    const tried = (text: string) => tryLine(monitor, pastedLine('syslog', text, NOON_MS * 1_000));
    expect(tried('<34>1 2026-11-21T22:14:15Z web1 sshd 812 - - Failed password').text).toBe('sshd[812]: Failed password');
    expect(tried('Nov 21 22:14:15 web1 sshd[812]: Failed password').text).toBe('sshd[812]: Failed password');
    expect(tried('Failed password').text).toBe('Failed password');
    expect(tried('<35>Nov 21 22:14:15 web1 sshd[812]: Failed password').rules[2]).toMatchObject({ outcome: 'tells' });
  });
});
