import { execFileSync } from 'node:child_process';
import { commandTrouble, NodeBodySchema, splitWords } from '@yosugara/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  localTime,
  render,
  renderShell,
  type TellContext,
  unknownVariables,
  type Values,
  valuesOf,
  variablesIn,
  variableWarnings,
} from './index.js';
import { result, toldOf } from './testing/samples.js';

const values: Values = (name) => ({ NAME: 'it\'s $(id) `id` \\ "x"\nnext', EMPTY: '', PLAIN: 'web1' })[name];
const sh = (command: string) => execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' });

describe('variables in a text', () => {
  it('are replaced, and stay as they are written when there is none of that name', () =>
    expect(render('#[PLAIN]: #[EMPTY]#[NOPE] #[ bad] #[', values)).toBe('web1: #[NOPE] #[ bad] #['));
  it('are not looked through again', () => expect(render('#[A]', () => '#[A]')).toBe('#[A]'));
  it.each([
    ['line', 'a b', 'a\r\nb'],
    ['json', 'a\\"\\n\\u0001', 'a"\n\u0001'],
    ['url', 'a%20%26%2F%0D', 'a &/\r'],
    ['html', '&lt;b&gt; &amp;', '<b> &'],
  ] as const)('are made safe for %s', (within, expected, value) => expect(render('#[A]', () => value, within)).toBe(expected));
  it('go in as they are with :original', () => expect(render('"#[A:original]"', () => 'a"b', 'json')).toBe('"a"b"'));
  it('hold no NUL, which no program and no database takes', () => expect(render('#[A]', () => 'a\0b')).toBe('a\ufffdb'));
  it('are listed by name', () =>
    expect(variablesIn('#[A] #[B:original] #[A] #[IP_ADDRESS:TOP]')).toEqual(['A', 'B', 'IP_ADDRESS:TOP']));
});

describe('variables in a command of a shell', () => {
  it.each([
    ['printf %s #[NAME]'],
    ["printf %s '#[NAME]'"],
    ['printf %s "#[NAME]"'],
    ['printf %s a"b c"#[NAME]'.replace('a"b c"', '')],
    ['x=1; printf %s "" #[NAME] | cat'],
  ])('are words, and nothing else: %s', (command) => expect(sh(renderShell(command, values))).toBe(values('NAME')));
  it('stay words whatever is in them, by a real sh', () => {
    const hostile = [...'\'"\\`$(){}[]<>;&|*?!~#=% \t\r\n\u0001\u007fé機😀aZ0'];
    const text = fc.string({ maxLength: 30, unit: fc.constantFrom(...hostile) });
    const where = fc.constantFrom('#[A]', '"#[A]"', "'#[A]'", '"x#[A]"', 'y#[A]z', `'"'"#[A]"`);
    const cases = fc.sample(fc.tuple(text, where), 300);
    const said = sh(cases.map(([value, place]) => `printf '%s\\0' ${renderShell(place, () => value)}`).join('\n'));
    const bare = (place: string) => (place.startsWith(`'"'`) ? '"#[A]' : place.replaceAll(/["']/g, ''));
    expect(said.split('\0').slice(0, -1)).toEqual(cases.map(([value, place]) => bare(place).replace('#[A]', () => value)));
  });
  it('without a value begin no comment', () => expect(sh(renderShell('echo #[NOPE] after', values))).toBe('#[NOPE] after\n'));
  it('go in unquoted with :original only', () => expect(sh(renderShell('printf %s #[A:original]', () => '"a b"'))).toBe('a b'));
});

describe('a command', () => {
  it.each([
    ['a  b', ['a', 'b']],
    ['a \'b c\' "d e"', ['a', 'b c', 'd e']],
    ["a'b c'd", ['ab cd']],
    ['a "" b', ['a', '', 'b']],
    ['a\\ b "c\\"d"', ['a b', 'c"d']],
    ['a "#[MESSAGE]" x#[B:0]y', ['a', '#[MESSAGE]', 'x#[B:0]y']],
  ])('without a shell has the words that a shell would see: %s', (command, words) => expect(splitWords(command)).toEqual(words));
  it('is refused without a program or with a quote that is not closed', () => {
    expect(commandTrouble('a "b', false)).toContain('quote');
    expect(commandTrouble('  ', false)).toContain('no program');
  });
  it.each([
    'echo `date` #[A]',
    'echo "$(date)" #[A]',
    'cat <<E\n#[A]\nE',
    'true # it is #[A]',
    "echo $'#[A]'",
    `echo \${X:-"#[A]"}`,
  ])('of a shell is refused where a value could not be quoted: %s', (command) =>
    expect(commandTrouble(command, true)).not.toBeNull(),
  );
  it.each(['logger -t x #[A]', 'echo "$HOME" #[A] | mail', 'date >/dev/null', 'echo `date`', 'test $# -eq 0 && echo "#[A]"'])(
    'of a shell is taken otherwise: %s',
    (command) => expect(commandTrouble(command, true)).toBeNull(),
  );
});

describe('values', () => {
  const node = NodeBodySchema.parse({
    ...{ name: 'Web server 1', addresses: ['192.0.2.1', '2001:db8::1'], hostNames: ['web1', 'www'], platform: 'LINUX' },
    ...{
      os: { name: 'Debian' },
      variables: { RACK: 'b7', MESSAGE: 'not this' },
      snmp: { community: 'secret', version: 'v3', user: 'ann' },
    },
  });
  const context: TellContext = {
    told: toldOf({ result: result({ item: 'eth0', sub: '2' }) }),
    ...{ description: 'Ops', calendar: null, node, scope: 'Tokyo > Web', timeZone: 'Asia/Tokyo' },
    monitor: { description: 'all hosts', ownerRole: 'ops', calendar: 'always' },
  };
  const of = valuesOf(context);
  it.each([
    ['PRIORITY', 'critical'],
    ['PRIORITY_NUM', '0'],
    ['PRIORITY_JP', '危険'],
    ['FACILITY_NAME', 'Web server 1'],
    ['SCOPE', 'Tokyo > Web'],
    ['MONITOR_DETAIL_ID', 'eth0 2'],
    ['GENERATION_DATE', '2025-11-13 11:13:20.000 +09:00'],
    ['MESSAGE', 'no answer'],
    ['NOTIFY_UUID', 'ping/web1///1000/n'],
    ['IP_ADDRESS', '192.0.2.1'],
    ['IP_ADDRESS_V6', '2001:db8::1'],
    ['HOST_NAME', 'web1,www'],
    ['HOST_NAME:TOP', 'web1'],
    ['HOST_NAME:1', 'www'],
    ['SNMP_USER', 'ann'],
    ['SSH_PORT', '22'],
    ['OS_NAME', 'Debian'],
    ['RACK', 'b7'],
  ])('%s is %s', (name, value) => expect(of(name)).toBe(value));
  it('are never secrets', () => {
    for (const name of ['SNMP_COMMUNITY', 'SSH_PASSWORD', 'SNMP_AUTH_SECRET', 'constructor', 'toString'])
      expect(of(name)).toBeUndefined();
  });
  it('of a long line are cut', () => {
    const long = valuesOf({ ...context, told: toldOf({ result: result({ original: 'x'.repeat(1_000_000) }) }) });
    expect(long('ORG_MESSAGE')?.length).toBeLessThan(10_000);
  });
  it('that nothing has are warned of', () =>
    expect(unknownVariables(['MESSAGE', 'MESAGE', 'HOST_NAME:TOP', 'RACK'], new Set(['RACK']))).toEqual(['MESAGE']));
  it('that a setting asks for and nothing has are warned of with their places', () => {
    const notification = { priorities: { critical: { command: 'a #[MESAGE] #[RACK]' }, info: { command: 'b #[MESSAGE]' } } };
    expect(variableWarnings('notification', notification, new Set(['RACK']))).toMatchObject([
      { place: 'priorities.critical.command' },
    ]);
    expect(variableWarnings('mail-template', { subject: '#[PRIORITY]', body: '#[NOPE]' })).toMatchObject([{ place: 'body' }]);
    const access = { url: 'https://x/#[SECRET]', headers: { 'X-A': '#[ODD]' }, body: null };
    expect(variableWarnings('rest-access', access)).toMatchObject([{ place: 'headers.X-A' }]);
  });
  it('of time have the zone in them', () => {
    expect(localTime(0)).toBe('1970-01-01 00:00:00.000 +00:00');
    expect(localTime(Date.UTC(2026, 0, 1), 'America/St_Johns')).toBe('2025-12-31 20:30:00.000 -03:30');
  });
});
