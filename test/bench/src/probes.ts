import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProbes, re2Patterns } from '@yosugara/connectors';
import { MonitorBodySchema, type MonitorType, type NodeBody, NodeBodySchema } from '@yosugara/protocol';
import type { Probe, ProbeAnswer } from '@yosugara/runtime';
import { Daemons, findSystemProgram, freePort } from '@yosugara/testkit';
import { type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';

/** What the issue asks of one Master, a second. */
const PER_SECOND = { ping: 5_000 / 60, snmp: 20_000 / 60, web: 2_000 / 60 } as const;
/** Below this nothing can be measured: a schedule's second. */
const LEAST_SECONDS = 5;
const DEADLINE_MS = 10_000;
/** USER_HZ is 100 on every Linux that Node runs on (time(7)). */
const TICK_MS = 10;

interface Look {
  readonly type: MonitorType;
  readonly check: object;
  readonly node: NodeBody;
}

/** Processor time of this process and of the children that have ended, in ms. */
function usedMs(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // The name in brackets may hold spaces (proc(5): utime, stime, cutime and cstime are fields 14 to 17).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]) * TICK_MS, 0);
}

const bodyOf = ({ type, check }: Pick<Look, 'type' | 'check'>): unknown => {
  const numeric = type === 'snmp-numeric' ? { numeric: { info: [0, 1], warning: [0, 1] } } : {};
  return MonitorBodySchema.parse({ type, facility: 'n', check, ...numeric }).check;
};

async function once(probes: readonly Probe[], look: Look, check: unknown): Promise<number> {
  const begun = performance.now();
  const request = { monitor: 'm', type: look.type, check, facility: 'n', node: look.node, dueAtMs: Date.now() };
  const probe = probes.find(({ types }) => types.includes(look.type))!;
  const [answer] = await probe.run(request, DEADLINE_MS, new AbortController().signal);
  wrong(look, answer);
  return performance.now() - begun;
}

function wrong({ type }: Look, answer: ProbeAnswer | undefined): void {
  const value = answer?.value;
  if (value?.kind === 'number' && (type !== 'ping' || value.also === 0)) return;
  throw new Error(`${type}: ${JSON.stringify(value)}: all of them answer here, so nothing may fail`);
}

interface Paced {
  /** Of a core, in per cent, at the rate that was asked for. */
  readonly share: number;
  readonly msEach: number;
  readonly p99Ms: number;
  readonly looks: number;
}

/** As the schedule does: each at its time, whether those before it have ended or not. */
async function paced(probes: readonly Probe[], looks: (n: number) => Look, perSecond: number, seconds: number): Promise<Paced> {
  const checks = new Map<object, unknown>();
  const running: Promise<number>[] = [];
  const count = Math.ceil(perSecond * seconds);
  const cpu = usedMs();
  const begun = performance.now();
  for (let n = 0; n < count; ) {
    for (const due = ((performance.now() - begun) / 1_000) * perSecond; n < due && n < count; n++) {
      const look = looks(n);
      const check = checks.get(look.check) ?? bodyOf(look);
      checks.set(look.check, check);
      running.push(once(probes, look, check));
    }
    await sleep(10);
  }
  const tookMs = (await Promise.all(running)).sort((a, b) => a - b);
  const used = usedMs() - cpu;
  const p99Ms = tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * 0.99))]!;
  return { share: (100 * used) / (performance.now() - begun), msEach: used / count, p99Ms, looks: count };
}

/** As many as go at once. */
async function flatOut(probes: readonly Probe[], look: Look, seconds: number, atOnce: number): Promise<number> {
  const check = bodyOf(look);
  const begun = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (; performance.now() - begun < seconds * 1_000; done++) await once(probes, look, check);
    }),
  );
  return done / ((performance.now() - begun) / 1_000);
}

interface Subject {
  readonly name: string;
  readonly perSecond: number;
  readonly looks: (n: number) => Look;
  /** At once, for how many there can be; null = that would say nothing. */
  readonly atOnce: number | null;
}

async function measure(probes: readonly Probe[], subject: Subject, { runs, seconds, say }: BenchOptions): Promise<Measure> {
  const made: Paced[] = [];
  for (let run = 0; run < runs; run++)
    made.push(await paced(probes, subject.looks, subject.perSecond, Math.max(LEAST_SECONDS, seconds)));
  const most = subject.atOnce === null ? null : await flatOut(probes, subject.looks(0), seconds, subject.atOnce);
  const of = (key: keyof Paced) => median(made.map((one) => one[key]));
  const fastest = most === null ? '' : `; as fast as they go ${Math.round(most)}/s`;
  const note = `${of('msEach').toFixed(2)} ms of processor time each, p99 of the answers ${of('p99Ms').toFixed(0)} ms, ${of('looks')} a run${fastest}`;
  say(`${subject.name}: ${of('share').toFixed(1)} % of a core; ${note}`);
  return {
    ...{ name: subject.name, unit: '% of a core', ours: of('share'), peer: null, peerName: '–', ratio: null, note },
    runs: { ours: made.map(({ share }) => share), peer: [] },
  };
}

export const PROBES: Benchmark = {
  name: 'probes',
  what: 'looks at other hosts at the rates of the goals (5 000 pings, 20 000 SNMP values, 2 000 pages or ports a minute), on loopback',
  async run(options) {
    const missing = ['fping', 'snmpd', 'nginx'].filter((name) => findSystemProgram(name) === null);
    if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')} (Debian's packages of these names)`);
    const daemons = new Daemons('bench-probes');
    const probes = createProbes({ patterns: re2Patterns() });
    try {
      const measures: Measure[] = [];
      for (const subject of await subjects(daemons)) measures.push(await measure(probes, subject, options));
      return measures;
    } finally {
      for (const probe of probes) await probe.close();
      await daemons.stop();
    }
  },
};

async function subjects(daemons: Daemons): Promise<readonly Subject[]> {
  const [agent, web] = [await snmpd(daemons), await nginx(daemons)];
  const node = (facts: object) => NodeBodySchema.parse({ name: 'n', addresses: ['127.0.0.1'], ...facts });
  const hosts = Array.from({ length: 5_000 }, (_, n) => node({ addresses: [`127.1.${n >> 8}.${n & 255}`] }));
  const ping: readonly Look[] = hosts.map((one) => ({ type: 'ping', check: PING, node: one }));
  const snmp: Look = { type: 'snmp-numeric', check: { oid: '1.3.6.1.2.1.1.3.0' }, node: node({ snmp: { port: agent } }) };
  const v3 = {
    version: 'v3',
    user: 'ops',
    auth: 'sha256',
    authSecret: 'auth passphrase',
    priv: 'aes128',
    privSecret: 'priv passphrase',
  };
  const snmpV3: Look = { ...snmp, node: node({ snmp: { port: agent, ...v3 } }) };
  const page: Look = { type: 'http-numeric', check: { url: `http://127.0.0.1:${web}/` }, node: node({}) };
  const port: Look = { type: 'port', check: { port: web }, node: node({}) };
  return [
    { name: 'probes/ping', perSecond: PER_SECOND.ping, looks: (n) => ping[n % ping.length]!, atOnce: null },
    { name: 'probes/snmp', perSecond: PER_SECOND.snmp, looks: () => snmp, atOnce: 50 },
    { name: 'probes/snmp-v3', perSecond: PER_SECOND.snmp, looks: () => snmpV3, atOnce: 50 },
    { name: 'probes/http', perSecond: PER_SECOND.web, looks: () => page, atOnce: 50 },
    { name: 'probes/port', perSecond: PER_SECOND.web, looks: () => port, atOnce: 50 },
  ];
}

const PING = {};

async function snmpd(daemons: Daemons): Promise<number> {
  const port = await freePort();
  const file = daemons.write('agent.conf', 'rocommunity public 127.0.0.1\nrouser ops priv\n');
  const users = daemons.write('snmpd.conf', 'createUser ops SHA-256 "auth passphrase" AES "priv passphrase"\n');
  await daemons.start({
    program: findSystemProgram('snmpd')!,
    args: ['-f', '-Lo', '-C', '-c', `${file},${users}`, '-I', '-smux', `udp:127.0.0.1:${port}`],
    env: { SNMP_PERSISTENT_DIR: daemons.dir, SNMPCONFPATH: daemons.dir, HOME: daemons.dir, MIBS: '' },
    ready: (said) => said().includes('NET-SNMP version'),
  });
  return port;
}

async function nginx(daemons: Daemons): Promise<number> {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${daemons.dir}/${name};`,
  );
  const file = daemons.write(
    'nginx.conf',
    `daemon off; master_process off; pid ${daemons.dir}/nginx.pid; error_log stderr warn; events { worker_connections 1024; }
http { access_log off; ${temporary.join(' ')} server { listen 127.0.0.1:${port}; location / { return 200 "${'x'.repeat(1_000)}"; } } }
`,
  );
  await daemons.start({ program: findSystemProgram('nginx')!, args: ['-p', daemons.dir, '-c', file], ready: [port] });
  return port;
}
