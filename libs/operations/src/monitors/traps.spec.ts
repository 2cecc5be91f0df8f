import { describe, expect, it } from 'vitest';
import { berInteger, berOid, tlv } from '../events/ber-write.js';
import { parseTrap } from '../events/trap.js';
import { LineJudge } from './lines.js';
import { aMonitor, NOON_MS } from './testing/monitors.js';
import { naivePatterns } from './testing/naive-patterns.js';
import { TRAP_RANKS } from './trap-definitions.js';
import { shownVarbind } from './trap-lines.js';
import { tryLine } from './try-line.js';

const CISCO = '1.3.6.1.4.1.9';
const LINK_DOWN = '1.3.6.1.6.3.1.1.5.3';
const utf8 = new TextEncoder();
const octets = (bytes: Uint8Array | string) => tlv(4, typeof bytes === 'string' ? utf8.encode(bytes) : bytes);
const varbind = (oid: string, value: Uint8Array) => tlv(0x30, berOid(oid), value);

interface Sent {
  readonly community?: string;
  /** Values of varbinds, in order. */
  readonly values?: readonly Uint8Array[];
}
const varbinds = (values: readonly Uint8Array[]) => values.map((value, at) => varbind(`${CISCO}.2.${at + 1}`, value));

function v2c(oid: string, { community = 'public', values = [] }: Sent = {}): Uint8Array {
  const list = tlv(
    0x30,
    varbind('1.3.6.1.2.1.1.3.0', berInteger(123_456_789, 0x43)),
    varbind('1.3.6.1.6.3.1.1.4.1.0', berOid(oid)),
    ...varbinds(values),
  );
  return tlv(0x30, berInteger(1), octets(community), tlv(0xa7, berInteger(1), berInteger(0), berInteger(0), list));
}
function v1(enterprise: string, generic: number, specific: number, { community = 'public', values = [] }: Sent = {}): Uint8Array {
  const fields = [berOid(enterprise), tlv(0x40, [10, 0, 0, 7]), berInteger(generic), berInteger(specific), berInteger(9, 0x43)];
  return tlv(0x30, berInteger(0), octets(community), tlv(0xa4, ...fields, tlv(0x30, ...varbinds(values))));
}

const always = (priority = 'critical') => ({ by: 'always', priority });
const monitorOf = (definitions: readonly object[], parts: object = {}, check: object = {}) =>
  aMonitor({ type: 'snmp-trap', check, traps: { definitions, ...parts } });
/** What is told of it: place, priority and message. */
function told(monitor: ReturnType<typeof monitorOf>, raw: Uint8Array): readonly string[] {
  const judge = new LineJudge([monitor], naivePatterns, { isWithin: () => true, isOpen: () => true });
  const received = {
    kind: 'trap',
    origin: 'ja:7',
    message: parseTrap(raw),
    raw,
    facility: 'web1',
    sender: null,
    atMs: NOON_MS,
  } as const;
  return judge
    .samplesOf(received)
    .map(({ value }) => (value.kind === 'matched' ? `${value.sub} ${value.priority}: ${value.message}` : value.kind));
}
/** Which definitions tell of it, by name. */
const named = (definitions: readonly { readonly name: string; readonly oid: string }[], raw: Uint8Array) =>
  told(monitorOf(definitions.map((one) => ({ ...one, message: one.name }))), raw).map((line) => line.replace(/^.*: /, ''))[0];

describe('the definition of a trap', () => {
  it('is the one that names it', () =>
    expect(
      named(
        [
          { name: 'other', oid: `${CISCO}.0.2` },
          { name: 'this', oid: `${CISCO}.0.1` },
        ],
        v2c(`${CISCO}.0.1`),
      ),
    ).toBe('this'));
  it.each([
    ['a v1 trap, named as v1 has it', { oid: CISCO, generic: 6, specific: 7 }, v1(CISCO, 6, 7)],
    ['a v1 trap, named as SNMPv2 has it', { oid: `${CISCO}.0.7` }, v1(CISCO, 6, 7)],
    ['a v1 trap, named without the 0', { oid: `${CISCO}.7` }, v1(CISCO, 6, 7)],
    ['a v2c trap, named as v1 has it', { oid: CISCO, generic: 6, specific: 7 }, v2c(`${CISCO}.0.7`)],
    ['a v2c trap without the 0, named as v1 has it', { oid: CISCO, generic: 6, specific: 7 }, v2c(`${CISCO}.7`)],
    ['a generic v1 trap, named by its number', { oid: LINK_DOWN, generic: 2 }, v1(CISCO, 2, 0)],
    ['a generic v1 trap of the enterprise', { oid: CISCO, generic: 2 }, v1(CISCO, 2, 0)],
    ['a generic v1 trap, named as SNMPv2 has it', { oid: LINK_DOWN }, v1(CISCO, 2, 0)],
    ['a generic v2c trap with its enterprise behind', { oid: CISCO, generic: 2 }, v2c(`${LINK_DOWN}.${CISCO}`)],
    ['whatever a vendor sends', { oid: `${CISCO}.*` }, v2c(`${CISCO}.9.9.43.2.0.1`)],
  ])('is found for %s', (_, definition, raw) => expect(named([{ name: 'x', ...definition }], raw)).toBe('x'));
  it.each([
    ['a generic trap of another enterprise', { oid: '1.3.6.1.4.1.2636', generic: 2 }, v1(CISCO, 2, 0)],
    ['another number', { oid: CISCO, generic: 6, specific: 8 }, v1(CISCO, 6, 7)],
    ['a vendor whose number only begins so', { oid: '1.3.6.1.4.1.9.*' }, v2c('1.3.6.1.4.1.99.1')],
    ['one that is disabled', { oid: `${CISCO}.0.7`, enabled: false }, v1(CISCO, 6, 7)],
  ])('is not found for %s', (_, definition, raw) => expect(named([{ name: 'x', ...definition }], raw)).toBeUndefined());
  it('exact ones come before generic ones, those of the enterprise before those of any, a longer OID before a shorter one', () => {
    const ranked = [
      { name: 'any vendor', oid: '1.3.6.1.4.1.*' },
      { name: 'whatever is below', oid: '1.3.6.1.6.3.1.1.5.*' },
      { name: 'generic', oid: LINK_DOWN, generic: 2 },
      { name: 'generic of the vendor', oid: CISCO, generic: 2 },
      { name: 'exact', oid: LINK_DOWN },
    ];
    const names: (string | undefined)[] = [];
    for (let count = ranked.length; count > 0; count--) names.push(named(ranked.slice(0, count), v1(CISCO, 2, 0)));
    expect(names).toEqual(['exact', 'generic of the vendor', 'generic', 'whatever is below', undefined]);
    expect(
      named(
        [
          { name: 'short', oid: '1.3.6.1.4.*' },
          { name: 'long', oid: `${CISCO}.9.*` },
        ],
        v2c(`${CISCO}.9.1`),
      ),
    ).toBe('long');
  });
  it('of the version it came in counts more; v3 and v2c are one', () => {
    const both = [
      { name: 'v1', oid: CISCO, generic: 6, specific: 7, version: 'v1' },
      { name: 'v2c', oid: `${CISCO}.0.7`, version: 'v2c' },
    ];
    expect([named(both, v1(CISCO, 6, 7)), named(both, v2c(`${CISCO}.0.7`))]).toEqual(['v1', 'v2c']);
    expect(named(both.slice(0, 1), v2c(`${CISCO}.0.7`))).toBe('v1');
  });
  it('has a reason for each rank', () => {
    for (const { why } of TRAP_RANKS) expect(why.length).toBeGreaterThan(10);
  });
});

describe('what is told of a trap', () => {
  const values = [octets('eth0'), berInteger(2)];
  it('has the values of its varbinds in it; one that is not there is nothing', () =>
    expect(
      told(
        monitorOf([{ oid: LINK_DOWN, message: 'Port %parm[#1]% is %parm[#2]%%parm[#9]%', judge: always('warning') }]),
        v2c(LINK_DOWN, { values }),
      ),
    ).toEqual(['1 warning: Port eth0 is 2']));
  it('is the trap as it is read where nothing is said', () =>
    expect(told(monitorOf([{ name: 'linkDown', oid: LINK_DOWN }]), v2c(LINK_DOWN, { values }))).toEqual([
      `1 critical: linkDown: ${LINK_DOWN} ${CISCO}.2.1=eth0 ${CISCO}.2.2=2`,
    ]));
  const judge = {
    by: 'varbinds',
    format: '%parm[#1]% %parm[#2]%',
    rules: [
      { pattern: 'lo .*', action: 'ignore' },
      { pattern: '(?<port>\\w+) 2', priority: 'warning', message: '#[port] is down' },
    ],
  };
  it.each([
    [values, ['1.2 warning: eth0 is down']],
    [[octets('lo'), berInteger(2)], []],
    [[octets('eth0'), berInteger(1)], []],
  ])('may hang on its varbinds', (of, says) =>
    expect(told(monitorOf([{ oid: LINK_DOWN, judge }]), v2c(LINK_DOWN, { values: of as readonly Uint8Array[] }))).toEqual(says),
  );
  it("is the definition's message where its rule has none of its own", () => {
    const rules = [{ pattern: '.*', priority: 'info' }];
    expect(
      told(
        monitorOf([{ oid: LINK_DOWN, message: '%parm[#1]% changed', judge: { ...judge, rules } }]),
        v2c(LINK_DOWN, { values }),
      ),
    ).toEqual(['1.1 info: eth0 changed']);
  });
  it('is something of traps that no definition names, where that is asked for, each kind for itself', () => {
    expect(told(monitorOf([]), v2c(LINK_DOWN))).toEqual([]);
    expect(told(monitorOf([], { unspecified: { priority: 'warning' } }), v2c(LINK_DOWN))).toEqual([
      `${LINK_DOWN} warning: A trap that no definition names: ${LINK_DOWN}`,
    ]);
  });
  it('is nothing of another community than the one asked for', () => {
    const asking = monitorOf([{ oid: LINK_DOWN, message: 'x' }], {}, { community: 's3cret' });
    expect([told(asking, v2c(LINK_DOWN)), told(asking, v2c(LINK_DOWN, { community: 's3cret' }))]).toEqual([
      [],
      ['1 critical: x'],
    ]);
  });
  it('is nothing of what is no trap', () => expect(told(monitorOf([], { unspecified: {} }), utf8.encode('hello'))).toEqual([]));
});

describe('a varbind in a message', () => {
  const shift = octets(Uint8Array.from([0x83, 0x65, 0x83, 0x58, 0x83, 0x67]));
  const message = (charset: string | null) =>
    told(monitorOf([{ oid: LINK_DOWN, message: '%parm[#1]%' }], {}, { charset }), v2c(LINK_DOWN, { values: [shift] }));
  it('that is no UTF-8 is read in the charset of the monitor, else shown in hexadecimal', () =>
    expect([message('shift_jis'), message(null), message('euc-jp')]).toEqual([
      ['1 critical: テスト'],
      ['1 critical: 836583588367'],
      ['1 critical: 836583588367'],
    ]));
  it.each([
    ['123456789', '14d 06h 56m 07.89s'],
    ['9', '00h 00m 00.09s'],
  ])('that is %s ticks is shown as a time', (value, shown) =>
    expect(shownVarbind({ oid: '1', type: 'TimeTicks', value }, null)).toBe(shown),
  );
});

describe('trying a trap', () => {
  const monitor = monitorOf(
    [{ name: 'linkDown', oid: LINK_DOWN, message: 'down', judge: always('warning') }],
    {},
    { community: 'x' },
  );
  const tried = (raw: Uint8Array) => tryLine(monitor, { kind: 'message', message: parseTrap(raw), raw });
  it('says which definition told, or why none did', () => {
    expect(tried(v2c(LINK_DOWN, { community: 'x' }))).toMatchObject({
      ...{ told: { priority: 'warning', message: 'down' }, why: 'definition 1 (linkDown) always tells' },
      rules: [{ place: '1', outcome: 'tells' }],
    });
    expect(tried(v2c(LINK_DOWN)).why).toBe('its community is another one than the monitor asks for');
    expect(tried(v2c(CISCO, { community: 'x' })).why).toBe(`no definition names ${CISCO}`);
    expect(tried(utf8.encode('x')).why).toBe('this is no SNMP trap that could be understood');
  });
});
