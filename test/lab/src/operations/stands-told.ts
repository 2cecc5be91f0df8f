import { PLACES, PORTS } from '../cluster/layout.js';
import { rule, type StandKind, type StandPlace, watch } from './stand.js';

const PINGED_NODE = 'pinged';
const RECEIVERS = [PLACES.a.address, PLACES.b.address];

/** The cable of a host is pulled out. */
const PING: StandKind = {
  name: 'ping',
  start: async ({ cluster }) => ({
    watched: [
      watch(
        'ping',
        'Linux, asked by fping',
        'fping',
        { type: 'ping', check: { timeoutMs: 1_000 }, numeric: { info: [null, null], warning: [null, null] } },
        PINGED_NODE,
      ),
    ],
    settings: [{ kind: 'node', id: PINGED_NODE, body: { name: PINGED_NODE, addresses: [PLACES.pinged.address] } }],
    down: async () => await cluster.network.cable(PLACES.pinged.name, 'out'),
    up: async () => await cluster.network.cable(PLACES.pinged.name, 'in'),
  }),
};

/** On the managed host. */
const run = async ({ cluster, host }: StandPlace, program: string, args: readonly string[]) =>
  void (await cluster.network.exec(host.place.name, program, args));

/** To both nodes, as devices do. */
const LOGGER: StandKind = {
  name: 'logger',
  start: async (place) => {
    const log = async (text: string) => {
      for (const receiver of RECEIVERS) {
        const to = ['-n', receiver, '-P', String(PORTS.syslog), '-d', '--rfc5424=notq', '-t', 'smartd'];
        await run(place, 'logger', [...to, text]);
      }
    };
    return {
      watched: [
        watch('syslog', 'logger', 'bsdutils', {
          ...{ type: 'syslog', acrossSubs: true },
          rules: [rule('.*disk \\d+ failed', 'critical'), rule('.*disk \\d+ is well', 'info')],
        }),
        {
          ...watch('log-count', 'logger', 'bsdutils', {
            ...{ type: 'log-count', check: { of: 'syslog', words: ['failed'] } },
            numeric: { info: [0, 1], warning: [0, 0] },
          }),
          passes: true,
        },
      ],
      isHeard: true,
      down: async () => await log('disk 1 failed'),
      up: async () => await log('disk 1 is well'),
    };
  },
};

const SNMPTRAP: StandKind = {
  name: 'snmptrap',
  start: async (place) => {
    const trap = async (last: 3 | 4) => {
      const what = ['42', `1.3.6.1.6.3.1.1.5.${last}`, '1.3.6.1.2.1.2.2.1.1.3', 'i', '3'];
      for (const receiver of RECEIVERS)
        await run(place, 'snmptrap', ['-v2c', '-c', 'public', `${receiver}:${PORTS.trap}`, ...what]);
    };
    const definition = (last: 3 | 4, name: string, priority: string) => ({
      ...{ oid: `1.3.6.1.6.3.1.1.5.${last}`, name, judge: { by: 'always', priority } },
    });
    return {
      watched: [
        watch('snmp-trap', 'snmptrap', 'snmp', {
          ...{ type: 'snmp-trap', acrossSubs: true },
          traps: { definitions: [definition(3, 'linkDown', 'critical'), definition(4, 'linkUp', 'info')] },
        }),
      ],
      isHeard: true,
      down: async () => await trap(3),
      up: async () => await trap(4),
    };
  },
};

/** By HTTPS, with a token. One node is enough: it answers when both have it. */
const CURL: StandKind = {
  name: 'curl',
  start: async (place) => {
    const { cluster, master, host } = place;
    // Not among the arguments, where everybody could read it.
    const files = host.daemons('curl');
    const headers = files.write(
      'headers',
      `Authorization: Bearer ${cluster.secret(master, 'custom-trap-tokens')}\nContent-Type: application/json\n`,
    );
    const post = async (usage: number, backup: string) => {
      const traps = [
        { key: 'disk.usage', type: 'number', message: usage, facility: 'watched' },
        { key: 'backup', message: backup, facility: 'watched' },
      ];
      const how = ['-sS', '--fail', '-m', '10', '--cacert', cluster.authorityFile, '-H', `@${headers}`, '-d'];
      await run(place, 'curl', [...how, JSON.stringify(traps), `https://${PLACES[master].address}:8162/custom-trap`]);
    };
    return {
      watched: [
        watch('custom-trap-numeric', 'curl', 'curl', {
          ...{ type: 'custom-trap-numeric', check: { key: { pattern: 'disk\\.usage' } } },
          numeric: { info: [null, 80], warning: [80, 90] },
        }),
        watch('custom-trap-string', 'curl', 'curl', {
          ...{ type: 'custom-trap-string', check: { key: { pattern: 'backup' } }, acrossSubs: true },
          rules: [rule('.*failed.*', 'critical'), rule('.*done.*', 'info')],
        }),
      ],
      isHeard: true,
      down: async () => await post(97.5, 'the backup failed'),
      up: async () => await post(40, 'the backup is done'),
    };
  },
};

/** Made of what others saw: nothing of its own comes or goes. */
const INTEGRATION: StandKind = {
  name: 'integration',
  start: async () => ({
    watched: [
      watch('integration', 'nginx and dnsmasq, by http-string and port-dns', 'nginx', {
        type: 'integration',
        check: {
          conditions: ['http-string', 'port-dns'].map((monitor) => ({ monitor, is: { by: 'priority', anyOf: ['info'] } })),
        },
      }),
    ],
    down: async () => {},
    up: async () => {},
  }),
};

export const TOLD: readonly StandKind[] = [PING, LOGGER, SNMPTRAP, CURL, INTEGRATION];
