import { NodeBodySchema, RestAccessBodySchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import {
  type NotificationSetting,
  type PayloadSettings,
  payloadOf,
  type RestPayload,
  restBody,
  syslogLine,
  type TellContext,
  trapVarbinds,
} from './index.js';
import { notification, result, toldOf } from './testing/samples.js';

const NOW = 1_763_000_000_000;
const hostile = result({ message: 'down\r\nBcc: all@example.com <b> ]"\\ \';id', original: 'x\ny' });
const context = (change: Partial<TellContext> = {}): TellContext => ({
  ...{ told: toldOf({ result: hostile }), description: '', calendar: null, scope: 'Tokyo > Web', monitor: null },
  node: NodeBodySchema.parse({ name: 'web1', addresses: ['192.0.2.1'] }),
  ...change,
});
const none: PayloadSettings = { mailTemplate: () => null, restAccess: () => null };
const payload = (setting: NotificationSetting, change: Partial<TellContext> = {}, settings = none) =>
  payloadOf(setting.body, context(change), settings, NOW);

describe('what is sent as a mail', () => {
  const setting = notification({ kind: 'mail', priorities: { critical: { to: ['ann@example.com'] } }, servers: ['m1', 'm2'] });
  it('has a subject of one line, whatever the message is', () => {
    const mail = payload(setting);
    expect(mail).toMatchObject({ kind: 'mail', servers: ['m1', 'm2'], to: ['ann@example.com'] });
    expect(JSON.stringify((mail as { subject: string }).subject)).not.toMatch(/\\[rn]/);
  });
  it('has none that begins a header by :original either', () => {
    const settings = { ...none, mailTemplate: () => ({ subject: '#[MESSAGE:original]', body: '' }) };
    const template = notification({ ...setting.body, template: 't' });
    expect((payload(template, {}, settings) as { subject: string }).subject).toBe('down Bcc: all@example.com <b> ]"\\ \';id');
  });
  it('goes to those of the worst priority when it failed open for one that names nobody', () => {
    const told = toldOf({ result: result({ priority: 'info' }), why: 'failed open' });
    expect(payload(setting, { told })).toMatchObject({ to: ['ann@example.com'] });
    expect(payload(notification({ ...setting.body, priorities: {} }), { told })).toMatchObject({ kind: 'impossible' });
  });
});

describe('what is run as a command', () => {
  const command = (text: string, more: object = {}) =>
    notification({ kind: 'command', priorities: { critical: { command: text } }, ...more });
  it('has words that values do not take apart', () =>
    expect(payload(command('/bin/tell "#[FACILITY_ID]" #[MESSAGE]'))).toMatchObject({
      words: ['/bin/tell', 'web1', hostile.message],
      shell: false,
    }));
  it('of a shell is one line with quoted values, which are in the environment too', () => {
    const shell = payload(command('tell #[FACILITY_ID]', { shell: true, user: 'nobody', timeoutMs: 5_000 }));
    expect(shell).toMatchObject({ words: ["tell 'web1'"], shell: true, user: 'nobody', timeoutMs: 5_000 });
    expect(shell).toMatchObject({ environment: { YOSUGARA_MESSAGE: hostile.message, YOSUGARA_FACILITY_ID: 'web1' } });
  });
});

describe('a line of syslog', () => {
  const setting = (more: object = {}) =>
    notification({ kind: 'syslog', host: null, priorities: { critical: { severity: 2 } }, ...more });
  it('goes to the node of the result when no host is named', () =>
    expect(payload(setting())).toMatchObject({ host: '192.0.2.1', port: 514, facility: 16 }));
  it('goes to the sender of what is no node, and nowhere when there is none', () => {
    const told = toldOf({ result: result({ facility: 'UNREGISTERED', sender: '192.0.2.9' }) });
    expect(payload(setting(), { node: null, told })).toMatchObject({ host: '192.0.2.9' });
    expect(payload(setting(), { node: null })).toMatchObject({ kind: 'impossible' });
  });
  it('is of RFC 5424, with its id in the structured data, whatever the values are', () => {
    const sent = payload(setting()) as Parameters<typeof syslogLine>[0];
    const told = toldOf({ id: 'a"]\\/n', result: { ...hostile, plugin: 'p q', facility: 'web 1' } });
    expect(syslogLine(sent, told, 'höst')).toBe(
      '<130>1 2025-11-13T02:13:20.000Z h_st yosugara - p_q [yosugara@32473 id="a\\"\\]\\\\/n" priority="critical" monitor="ping" facility="web 1" notification="n"] ' +
        'ping ping web1: down Bcc: all@example.com <b> ]"\\ \';id',
    );
  });
});

describe('a trap', () => {
  it('has the objects of the MIB, none longer than a datagram can hold', () => {
    const sent = payload(notification({ kind: 'trap', host: '192.0.2.7', priorities: { critical: {} } }));
    const told = toldOf({ result: result({ message: '機'.repeat(2_000), original: 'x'.repeat(50_000) }) });
    const varbinds = trapVarbinds({ ...(sent as Parameters<typeof trapVarbinds>[0]), message: told.result.message }, told);
    expect(varbinds.map(({ oid }) => oid.split('.').slice(-2).join('.'))).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => `${n}.0`),
    );
    expect(varbinds[1]).toMatchObject({ type: 'Integer', value: 1 });
    expect(String(varbinds[8]?.value)).toBe('機'.repeat(333));
    expect(varbinds.reduce((sum, { value }) => sum + Buffer.byteLength(String(value)), 0)).toBeLessThan(5_000);
  });
});

describe('a request', () => {
  const access = (change: object = {}) => RestAccessBodySchema.parse({ url: 'https://hooks.example/#[SECRET]', ...change });
  const setting = notification({ kind: 'rest', priorities: { critical: { access: 'hook' } } });
  const sent = (change: object = {}) => {
    const is = access(change);
    const rest = payload(setting, {}, { ...none, restAccess: () => is }) as RestPayload;
    return { rest, made: restBody(is, rest, (name) => rest.values[name]) };
  };
  it('knows the values that its access asks for, and no secret', () => {
    const { rest } = sent({ body: '{"n":"#[IP_ADDRESS]","x":"#[NOPE]"}', secret: 'T0/B0' });
    expect(rest.values).toMatchObject({ IP_ADDRESS: '192.0.2.1', PRIORITY: 'critical', MESSAGE: hostile.message });
    expect(JSON.stringify(rest)).not.toContain('T0/B0');
    expect(rest.values).not.toHaveProperty('NOPE');
  });
  it('is JSON whatever the values are', () => {
    expect(JSON.parse(sent({ body: '{"m":"#[MESSAGE]"}' }).made.body ?? '')).toEqual({ m: hostile.message });
    expect(JSON.parse(sent().made.body ?? '')).toMatchObject({ message: hostile.message, notify_uuid: 'ping/web1///1000/n' });
  });
  it('is a form when a header says so', () =>
    expect(sent({ body: 'm=#[MESSAGE]', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }).made).toEqual({
      body: `m=${encodeURIComponent(hostile.message)}`,
      contentType: 'application/x-www-form-urlencoded',
    }));
  it('of GET has no body', () => expect(sent({ method: 'GET' }).made.body).toBeNull());
  it('for Slack has a text and an attachment, with its markup escaped', () => {
    const body = JSON.parse(sent({ preset: 'slack' }).made.body ?? '');
    expect(body.text).toContain('[critical] web1: down');
    expect(body.text).toContain('&lt;b&gt;');
    expect(body.attachments[0]).toMatchObject({ color: '#c62828', footer: 'ping/web1///1000/n' });
  });
  it('for Teams is an adaptive card', () => {
    const body = JSON.parse(sent({ preset: 'teams' }).made.body ?? '');
    expect(body.attachments[0]).toMatchObject({
      contentType: 'application/vnd.microsoft.card.adaptive',
      content: { type: 'AdaptiveCard', version: '1.4' },
    });
    expect(body.attachments[0].content.body[0]).toMatchObject({ color: 'Attention' });
  });
});

it('leaves nothing for what stays in the cluster', () => {
  expect(payload(notification({ kind: 'event' }))).toBeNull();
  expect(payload(notification({ kind: 'status' }))).toBeNull();
});

it('begins a job unit, or a part of it, with what is told as its variables', () => {
  const of = (job: string) => payload(notification({ kind: 'job', priorities: { critical: { job } } }));
  expect(of('night')).toMatchObject({ kind: 'job', unit: 'night', job: null, variables: { PRIORITY: expect.any(String) } });
  expect(of('night/load/a')).toMatchObject({ unit: 'night', job: 'load/a' });
});
