import { BAD_LEVELS, WATCHES, watchOf } from '@yosugara/operations';
import type { NodeConfig, SelfSyslogConfig } from '@yosugara/protocol';
import type { Contradiction } from './fencing-rules.js';

type Path = Contradiction['path'];

/** What must be refused about watching ourselves. */
export function selfContradictions(config: NodeConfig): readonly Contradiction[] {
  const { limits, syslog } = config.selfMonitoring;
  return [
    ...Object.keys(limits).flatMap((id) => limitProblems(id, config)),
    ...syslog.flatMap((target, index) => targetProblems(target, config, ['selfMonitoring', 'syslog', index])),
  ];
}

function limitProblems(id: string, { selfMonitoring }: NodeConfig): readonly Contradiction[] {
  const path = ['selfMonitoring', 'limits', id];
  const watch = watchOf(id);
  if (watch === undefined) return [{ path, found: id, allowed: `one of ${WATCHES.map((each) => each.id).join(', ')}` }];
  const given = selfMonitoring.limits[id] ?? {};
  const values = BAD_LEVELS.flatMap((level) => given[level] ?? []);
  const rising = values.every(
    (value, at) => at === 0 || (watch.worse === 'above' ? value >= values[at - 1]! : value <= values[at - 1]!),
  );
  if (rising) return [];
  const allowed = `${watch.worse === 'above' ? 'higher' : 'lower'} limits for what is worse: notice, warning, critical`;
  return [{ path, found: values, allowed }];
}

function targetProblems(target: SelfSyslogConfig, config: NodeConfig, path: Path): readonly Contradiction[] {
  const { transport, host, port = defaultPort(transport), caFile, serverName } = target;
  if (transport === 'local')
    return host === undefined && target.port === undefined
      ? []
      : [{ path, found: host ?? target.port, allowed: 'no host and no port with transport local: its socket tells where' }];
  const found: Contradiction[] = [];
  if (host === undefined) found.push({ path: [...path, 'host'], found: undefined, allowed: 'an address, or a whole name' });
  if (transport !== 'tls' && (caFile ?? serverName) !== undefined)
    found.push({
      path: [...path, caFile === undefined ? 'serverName' : 'caFile'],
      found: caFile ?? serverName,
      allowed: 'nothing: this is for transport tls',
    });
  if (host !== undefined && isOurReceiver(config, host, port))
    found.push({
      path: [...path, 'host'],
      found: `${host}:${port}`,
      allowed:
        'a host outside: these are receivers of this cluster, so a word about a trouble with messages would be a message more',
    });
  return found;
}

export const defaultPort = (transport: SelfSyslogConfig['transport']): number => (transport === 'tls' ? 6_514 : 514);

/** @param host an address; a name is looked up when something is sent, and asked about again then. */
export function isOurReceiver({ cluster, ports }: NodeConfig, host: string, port: number): boolean {
  if (![ports.syslog, ports.syslogTls, ports.relp, ports.customTrap, ports.trap].includes(port)) return false;
  const vip = cluster.vip?.address;
  return [...cluster.members.map(({ address }) => address), ...(vip === undefined ? [] : [vip])].includes(host.toLowerCase());
}
