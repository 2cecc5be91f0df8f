import { YosugaraError } from '@yosugara/kernel';
import { type NodeConfig, NodeConfigSchema } from '@yosugara/protocol';
import { consoleContradictions } from './console-rules.js';
import { fencingContradictions, isTwoNode } from './fencing-rules.js';
import { receiverContradictions } from './receiver-rules.js';
import { retentionContradictions } from './retention-rules.js';
import { selfContradictions } from './self-rules.js';

/** `yosugara.yaml` cannot be used. `problems` has one line a mistake; the message is the first of them and says how many follow. */
export class ConfigError extends YosugaraError {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super('CONFIG_INVALID', `${problems[0] ?? 'yosugara.yaml: unusable'}${more}`);
    this.problems = problems;
  }
}

export type ConfigPath = readonly (string | number)[];

/** What zod tells about one mistake, as far as it is used here. */
interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly values?: readonly unknown[];
  readonly errors?: readonly (readonly Issue[])[];
}

/**
 * A parsed YAML document as the configuration of a node.
 *
 * @param doc what the YAML parser made of the file; defaults are filled in.
 * @param lineOf line (from 1) of the deepest part of `path` that is in the file; each app asks its YAML parser.
 * @throws ConfigError — one line a mistake: "yosugara.yaml line N: key `x.y`: found …, allowed …".
 */
export function parseNodeConfig(doc: unknown, lineOf: (path: ConfigPath) => number): NodeConfig {
  const parsed = NodeConfigSchema.safeParse(doc ?? {});
  // What only an arbiter can give is not in the default of a cluster without one.
  if (parsed.success && isTwoNode(parsed.data) && at(doc, ['cluster', 'stopProofs']) === undefined)
    parsed.data.cluster.stopProofs = ['P1', 'P2'];
  const problems = parsed.success
    ? contradictions(parsed.data, lineOf)
    : (parsed.error.issues as readonly Issue[]).flatMap((issue) => describe(doc, issue, lineOf));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return parsed.data;
}

/** What a schema of single keys cannot see. */
function contradictions(config: NodeConfig, lineOf: (path: ConfigPath) => number): string[] {
  const { members, vip } = config.cluster;
  const problems: string[] = [];
  const membersAre = members.map((member) => member.id).join(', ');
  const self = members.find((member) => member.id === config.node);
  if (self === undefined) problems.push(line(lineOf, ['node'], config.node, `one of the members: ${membersAre}`));
  for (const key of ['id', 'address', 'peerId'] as const)
    for (const [index, member] of members.entries())
      if (members.findIndex((other) => other[key] === member[key]) !== index)
        problems.push(line(lineOf, ['cluster', 'members', index, key], member[key], 'a value that no other member has'));
  if (members.filter((member) => member.kind === 'data').length !== 2)
    problems.push(
      line(
        lineOf,
        ['cluster', 'members'],
        `${members.filter((member) => member.kind === 'data').length} of kind data`,
        'exactly two members of kind data',
      ),
    );
  const second = members.map(({ kind }) => kind).indexOf('dr', members.findIndex(({ kind }) => kind === 'dr') + 1);
  if (second > 0) problems.push(line(lineOf, ['cluster', 'members', second, 'kind'], 'dr', 'at most one member of kind dr'));
  for (const { path, found, allowed: instead } of [
    ...fencingContradictions(config),
    ...receiverContradictions(config),
    ...consoleContradictions(config),
    ...selfContradictions(config),
    ...retentionContradictions(config),
  ])
    problems.push(line(lineOf, path, found, instead));
  if (vip !== undefined && members.some((member) => member.address === vip.address))
    problems.push(line(lineOf, ['cluster', 'vip', 'address'], vip.address, "an address that is no member's own"));
  if (vip?.driver === 'ip' && vip.interface === undefined)
    problems.push(
      line(lineOf, ['cluster', 'vip', 'interface'], undefined, 'the network interface that carries the VIP (driver ip needs it)'),
    );
  if (self !== undefined && self.kind !== 'witness' && config.dataDir === undefined)
    problems.push(line(lineOf, ['dataDir'], undefined, 'a directory for PGDATA (a data node needs it)'));
  return problems;
}

function describe(doc: unknown, issue: Issue, lineOf: (path: ConfigPath) => number): string[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) =>
      line(lineOf, [...path, key], at(doc, [...path, key]), `only the known keys here${didYouMean(key, path)}`),
    );
  return [line(lineOf, path, at(doc, path), allowed(issue))];
}

function allowed(issue: Issue): string {
  if (issue.values !== undefined) return issue.values.map((value) => String(value)).join(' | ');
  // A union of address families: every branch's own words, once.
  if (issue.errors !== undefined) return [...new Set(issue.errors.flat().map(allowed))].join(' or ');
  return issue.message
    .replace(/^Invalid input: expected /, '')
    .replace(/, received .*$/, '')
    .replace(/^Invalid /, 'a valid ');
}

/** The same key with one letter wrong is the commonest mistake. */
function didYouMean(key: string, path: ConfigPath): string {
  const near = KNOWN_KEYS.find((known) => known !== key && distance(known.toLowerCase(), key.toLowerCase()) <= 2);
  return near === undefined ? '' : ` (perhaps \`${[...path, near].join('.')}\`)`;
}

const KNOWN_KEYS = [
  ...[
    'cluster',
    'node',
    'ports',
    'stateDir',
    'dataDir',
    'postgres',
    'receiver',
    'console',
    'id',
    'profile',
    'policy',
    'stopProofs',
  ],
  ...[
    'autoRejoin',
    'members',
    'vip',
    'kind',
    'address',
    'zone',
    'peerId',
    'driver',
    'interface',
    'prefixLength',
    'status',
    'journal',
  ],
  ...['fence', 'fencing', 'delayMs', 'powerOnAfter', 'checkEveryMs', 'program', 'options', 'secretFiles', 'timeoutMs', 'offMs'],
  ...['relp', 'customTrap', 'udpSockets', 'allow', 'limits', 'sources', 'maxConnections', 'tls', 'http', 'traps', 'enabled'],
  ...['messagesPerSecond', 'burst', 'connections', 'messageBytes', 'delivery', 'alias', 'charset', 'timeZone', 'tokensFile'],
  ...['keyFile', 'certFile', 'caFile', 'clientCertificate', 'communities', 'users', 'authSecretFile', 'privSecretFile'],
  ...['syslog', 'syslogTls', 'trap', 'bin', 'user', 'sharedBuffersMb', 'maxJournalMb', 'receiveBufferBytes', 'staticDir'],
  ...['udpRead'],
  ...['selfMonitoring', 'everySeconds', 'notify', 'file', 'maxMb', 'transport', 'socket', 'facility', 'serverName'],
];

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

function line(lineOf: (path: ConfigPath) => number, path: ConfigPath, found: unknown, allowedText: string): string {
  const shown = found === undefined ? 'nothing' : (JSON.stringify(found) ?? String(found));
  return `yosugara.yaml line ${lineOf(path)}: key \`${path.join('.') || '(the whole file)'}\`: found ${shown.length > 80 ? `${shown.slice(0, 77)}…` : shown}, allowed ${allowedText}`;
}

function at(doc: unknown, path: ConfigPath): unknown {
  let value = doc;
  for (const part of path)
    value = value !== null && typeof value === 'object' ? (value as Record<string | number, unknown>)[part] : undefined;
  return value;
}
