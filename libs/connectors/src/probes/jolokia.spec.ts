import { createServer } from 'node:http';
import { Daemons, hasJolokia, startJolokia } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProbes } from './index.js';
import { askOne, PATTERNS, whyOf } from './testing/asking.js';

const probes = createProbes({ patterns: PATTERNS });
/** Answers as Jolokia's manual says (chapter Protocol, request type read): by what it takes it is seen what is asked. */
const agent = createServer((request, response) => {
  if (request.headers.authorization !== `Basic ${Buffer.from('jmx:secret').toString('base64')}`)
    return void response.writeHead(401).end();
  let body = '';
  request
    .on('data', (chunk) => (body += chunk))
    .on('end', () => {
      const asked = JSON.parse(body) as Record<string, string>;
      const memory = { init: 264_241_152, committed: 251_658_240, max: 4_294_967_296, used: 45_678_912 };
      const value = asked['path'] === undefined ? memory : memory[asked['path'] as 'used'];
      const known = asked['mbean'] === 'java.lang:type=Memory' && asked['attribute'] === 'HeapMemoryUsage';
      response.end(
        JSON.stringify(
          known
            ? { request: asked, value, timestamp: 1_700_000_000, status: 200 }
            : {
                request: asked,
                status: 404,
                error_type: 'javax.management.InstanceNotFoundException',
                error: `javax.management.InstanceNotFoundException : ${asked['mbean']}`,
              },
        ),
      );
    });
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  port = (agent.address() as { readonly port: number }).port;
});
afterAll(async () => {
  agent.closeAllConnections();
  await new Promise((resolve) => agent.close(resolve));
  for (const probe of probes) await probe.close();
});
const check = (more: object = {}) => ({
  ...{
    port,
    mbean: 'java.lang:type=Memory',
    attribute: 'HeapMemoryUsage',
    key: 'used',
    user: 'jmx',
    password: 'secret',
    ...more,
  },
});

describe('an attribute by Jolokia', () => {
  it('is a number', async () => expect(await askOne(probes, 'jmx', check())).toEqual({ kind: 'number', number: 45_678_912 }));
  it('with parts needs the name of one', async () =>
    expect(await whyOf(probes, 'jmx', check({ key: '' }))).toBe(
      'java.lang:type=Memory HeapMemoryUsage has parts: one of init, committed, max, used is to be named',
    ));
  it('of a bean that is not there', async () =>
    expect(await whyOf(probes, 'jmx', check({ mbean: 'a:b=c' }))).toBe(
      'Jolokia answers 404 for a:b=c HeapMemoryUsage: "javax.management.InstanceNotFoundException : a:b=c"',
    ));
  it('is not told without the login', async () =>
    expect(await whyOf(probes, 'jmx', check({ password: 'wrong' }))).toBe('Jolokia refuses the login: status 401'));
});

it('what is no Jolokia is said to be that', async () => {
  const other = createServer((_, response) => void response.end('<html>it works</html>'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const at = (other.address() as { readonly port: number }).port;
  expect(await whyOf(probes, 'jmx', check({ port: at }))).toBe(
    'what answers there is not Jolokia: it said "<html>it works</html>"',
  );
  await new Promise((resolve) => other.close(resolve));
  expect(await whyOf(probes, 'jmx', check({ port: at }))).toBe(`connection refused by 127.0.0.1:${at}`);
});

describe.skipIf(!hasJolokia())('Jolokia in Tomcat (packages libjolokia-core-java and libtomcat9-java, a Java)', () => {
  const daemons = new Daemons('jolokia');
  let tomcat = { port: 0 };
  beforeAll(async () => {
    tomcat = await startJolokia(daemons, { user: 'jmx', password: 'secret' });
  }, 60_000);
  afterAll(async () => await daemons.stop());
  const real = (more: object = {}) => check({ port: tomcat.port, ...more });

  it('tells a part of an attribute', async () => {
    const used = await askOne(probes, 'jmx', real());
    expect(used.kind === 'number' && used.number).toBeGreaterThan(1_000_000);
  });
  it('tells an attribute that is a number, by the address with a slash behind it, too', async () =>
    expect(
      await askOne(
        probes,
        'jmx',
        real({ path: '/jolokia/', mbean: 'java.lang:type=Threading', attribute: 'PeakThreadCount', key: '' }),
      ),
    ).toMatchObject({ kind: 'number' }));
  it('tells a truth as 1 or 0', async () =>
    expect(await askOne(probes, 'jmx', real({ attribute: 'Verbose', key: '' }))).toEqual({ kind: 'number', number: 0 }));
  it('tells a number that is a text', async () => {
    const version = { mbean: 'java.lang:type=Runtime', attribute: 'SystemProperties', key: 'java.specification.version' };
    const { number } = (await askOne(probes, 'jmx', real(version))) as { readonly number: number };
    expect(number).toBeGreaterThanOrEqual(11);
  });
  it('has parts that are to be named', async () =>
    expect(await whyOf(probes, 'jmx', real({ key: '' }))).toMatch(
      /^java.lang:type=Memory HeapMemoryUsage has parts: one of (init|committed|max|used|, ){7} is to be named$/,
    ));
  it('has no bean of that name', async () =>
    expect(await whyOf(probes, 'jmx', real({ mbean: 'a:b=c' }))).toBe(
      'Jolokia answers 404 for a:b=c HeapMemoryUsage: "javax.management.InstanceNotFoundException : a:b=c"',
    ));
  it('has no such attribute, and no such part', async () => {
    expect(await whyOf(probes, 'jmx', real({ attribute: 'Nothing' }))).toMatch(
      /^Jolokia answers 404 for java.lang:type=Memory Nothing: /,
    );
    expect(await whyOf(probes, 'jmx', real({ key: 'nothing' }))).toBe(
      'java.lang:type=Memory HeapMemoryUsage nothing has no value: is that its name?',
    );
  });
  it('refuses a wrong password', async () =>
    expect(await whyOf(probes, 'jmx', real({ password: 'wrong' }))).toBe('Jolokia refuses the login: status 401'));
  it('is not where it is looked for', async () =>
    expect(await whyOf(probes, 'jmx', real({ path: '/other' }))).toBe('Jolokia answers with status 404'));
});
