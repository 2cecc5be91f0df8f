import { join } from 'node:path';
import { startDnsmasq, startNginx, startRsyslog, startSnmpd } from '@yosugara/testkit';
import { PLACES } from '../cluster/layout.js';
import { agentsConnected, joinToken, startAgent } from '../host/agents.js';
import { ANY, rule, rules, type StandKind, standOf, WATCHED_NODE, type Watched, watch } from './stand.js';
import { nginxServer } from './stands-web.js';

const USERS = 'createUser ops SHA-256 "auth passphrase" AES "priv passphrase"\n';
/** The same host once more, asked as v3 is. */
const V3_NODE = 'watched-v3';
/** One look may be late on a busy machine, and none is asked twice. */
const PATIENCE = { timeoutMs: 2_000, retries: 1 };
const WAITS = '2 s, twice';
const V3 = {
  ...{ version: 'v3', user: 'ops', level: 'authPriv', auth: 'sha256', authSecret: 'auth passphrase' },
  ...{ priv: 'aes128', privSecret: 'priv passphrase' },
};

const SNMPD: StandKind = {
  name: 'snmpd',
  start: async ({ host }) => {
    const daemons = host.daemons('snmpd');
    const config = 'rocommunity public\nrouser ops priv\nsysName the-agent\n';
    const { port } = await startSnmpd(daemons, config, USERS);
    const snmp = (id: string, body: Watched['body'], node = WATCHED_NODE): Watched => ({
      ...watch(id, 'snmpd', 'snmpd', body, node),
      waits: WAITS,
    });
    const upTime = { type: 'snmp-numeric', check: { oid: '1.3.6.1.2.1.1.3.0' }, numeric: ANY };
    const resource = (name: string, device = '') => ({ type: 'resource', check: { resource: name, device }, numeric: ANY });
    const node = (id: string, access: object) => ({
      ...{ kind: 'node', id },
      body: { name: id, addresses: [PLACES.managed.address], snmp: { port, ...PATIENCE, ...access } },
    });
    const watched = [
      snmp('snmp-numeric', upTime),
      snmp('snmp-numeric-v3', upTime, V3_NODE),
      snmp('snmp-string', { type: 'snmp-string', check: { oid: '1.3.6.1.2.1.1.5.0' }, rules: rules('the-agent') }),
      snmp('resource-memory', resource('memory.used')),
      snmp('resource-processor', resource('cpu.used')),
      snmp('resource-filesystem', resource('filesystem.used', '/')),
      snmp('resource-network', resource('network.inBytes')),
    ];
    return standOf(daemons, watched, { isAsked: true, settings: [node(WATCHED_NODE, {}), node(V3_NODE, V3)] });
  },
};

const AGENT: StandKind = {
  name: 'agent',
  start: async ({ host, cluster, master }) => {
    const daemons = host.daemons('agent');
    const token = await joinToken(cluster, master, ['--node', WATCHED_NODE]);
    await startAgent(daemons, WATCHED_NODE, token, master);
    await agentsConnected(cluster, master, 1);
    const agent = (id: string, body: Watched['body']) => watch(id, 'our agent', '', body);
    const resource = (name: string) => ({ type: 'resource', check: { resource: name, by: 'agent' }, numeric: ANY });
    const watched = [
      agent('agent-alive', { type: 'agent-alive' }),
      agent('resource-memory-agent', resource('memory.used')),
      agent('resource-network-agent', resource('network.inBytes')),
    ];
    return standOf(daemons, watched, { isAsked: true });
  },
};

/** Every process of this computer is seen: that of this run has its folder among its arguments. */
const PROCESS: StandKind = {
  name: 'process',
  start: async ({ host }) => {
    const daemons = host.daemons('process');
    await startDnsmasq(daemons, []);
    const check = { command: '.*dnsmasq', arguments: `.*${daemons.dir}.*` };
    return standOf(daemons, [
      { ...watch('process', 'dnsmasq, by snmpd', 'dnsmasq-base', { type: 'process', check }), waits: WAITS },
      watch('process-agent', 'dnsmasq, by our agent', 'dnsmasq-base', { type: 'process', check: { ...check, by: 'agent' } }),
    ]);
  },
};

/** Commands that the agent runs: programs of Debian's, asked about an nginx of their own. */
const CUSTOM: StandKind = {
  name: 'custom',
  start: async ({ host, certificate }) => {
    const daemons = host.daemons('custom');
    const { http } = await startNginx(daemons, certificate, nginxServer);
    const count = `echo "listeners,$(ss -Htln "sport = :${http}" | wc -l)"`;
    const url = `http://${host.place.address}:${http}/up`;
    return standOf(daemons, [
      watch('custom-numeric', 'ss, by our agent, at nginx', 'iproute2', {
        ...{
          type: 'custom-numeric',
          check: { command: ['/bin/sh', '-c', count] },
          numeric: { info: [1, null], warning: [0, 0] },
        },
      }),
      watch('custom-string', 'curl, by our agent, at nginx', 'curl', {
        type: 'custom-string',
        check: { command: ['curl', '-sS', '-m', '5', '-o', '/dev/null', '-w', 'status,%{http_code}\n', url] },
        rules: rules('200'),
      }),
    ]);
  },
};

/** rsyslogd writes a file, the agent reads it. */
const LOG_FILE: StandKind = {
  name: 'log-file',
  start: async ({ host, cluster }) => {
    const daemons = host.daemons('log-file');
    const port = 5_141;
    const input = `module(load="imtcp")\ninput(type="imtcp" address="${host.place.address}" port="${port}")`;
    await startRsyslog(daemons, input, port);
    const log = async (text: string) => {
      const to = ['-n', host.place.address, '-P', String(port), '-T', '--rfc5424=notq', '-t', 'backup'];
      await cluster.network.exec(host.place.name, 'logger', [...to, text]);
    };
    return {
      watched: [
        watch('log-file', 'a file that rsyslogd writes, by our agent', 'rsyslog', {
          ...{ type: 'log-file', check: { directory: daemons.dir, file: 'rsyslog\\.log' }, acrossSubs: true },
          rules: [rule('.*the copy failed.*', 'critical'), rule('.*the copy is whole.*', 'info')],
        }),
      ],
      isHeard: true,
      down: async () => await log('the copy failed'),
      up: async () => await log('the copy is whole'),
    };
  },
};

/** One value that always grows, and one that does so until a file is there. */
const CORRELATION: StandKind = {
  name: 'correlation',
  start: async ({ host }) => {
    const daemons = host.daemons('correlation');
    const file = join(daemons.dir, 'falls');
    const command = `now=$(date +%s); echo "first,$now"; if [ -e "$1" ]; then echo "second,-$now"; else echo "second,$now"; fi`;
    const of = (item: string) => ({ monitor: 'two-values', item });
    return {
      watched: [
        watch('correlation', 'two values of a command, by our agent', 'coreutils', {
          ...{ type: 'correlation', check: { first: of('first'), second: of('second'), rangeM: 2 } },
          numeric: { info: [0.5, null], warning: [0, 0.5] },
        }),
      ],
      settings: [
        {
          ...{ kind: 'monitor', id: 'two-values' },
          body: {
            ...{ type: 'custom-numeric', facility: WATCHED_NODE, intervalS: 10, collect: true, numeric: ANY },
            check: { command: ['/bin/sh', '-c', command, 'sh', file] },
          },
        },
      ],
      down: async () => daemons.run('touch', [file]),
      up: async () => daemons.run('rm', [file]),
    };
  },
};

/** What is asked about others, and what is looked at through it. */
export const ASKED: readonly StandKind[] = [SNMPD, AGENT, PROCESS, CUSTOM, LOG_FILE, CORRELATION];
