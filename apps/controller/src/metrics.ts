import type { Status } from '@yosugara/protocol';

export interface MetricFacts {
  readonly status: Status;
  readonly role: string;
  readonly epoch: number;
  readonly term: number;
  readonly serving: boolean;
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];
const NONE = {};

/** Prometheus' text format 0.0.4. What `status` says beforehand is a number, too, so that somebody is paged before the fault. */
export function metricsText({ status, role, epoch, term, serving }: MetricFacts): string {
  const { ifMasterDied, nodes, alarms, history } = status;
  const byNode = (value: (node: Status['nodes'][number]) => number | null): readonly Sample[] =>
    nodes.flatMap((node) => {
      const found = value(node);
      return found === null ? [] : [[{ node: node.name }, found] as const];
    });
  const newest = history[0];
  return [
    family('yosugara_epoch', 'Ownership number of the record this member knows.', [[NONE, epoch]]),
    family('yosugara_raft_term', 'Term of the consensus.', [[NONE, term]]),
    family('yosugara_serving', '1: this node acknowledges writes at this moment.', [[NONE, bit(serving)]]),
    family('yosugara_role', 'Role of this member; always 1.', [[{ role }, 1]]),
    family(
      'yosugara_master',
      '1: this node is the serving Master.',
      byNode((node) => bit(node.name === status.master)),
    ),
    family(
      'yosugara_reachable',
      '1: the node is heard.',
      byNode((node) => bit(node.reachable)),
    ),
    family(
      'yosugara_in_sync_set',
      '1: holds every acknowledged commit.',
      byNode((node) => bit(node.syncSet)),
    ),
    family(
      'yosugara_needs_recover',
      '1: returns only by `yosugara recover`.',
      byNode((node) => bit(node.needsRecover)),
    ),
    family(
      'yosugara_replication_lag_bytes',
      'WAL that the node lacks.',
      byNode((node) => node.lagBytes),
    ),
    family('yosugara_would_fail_over', '1: if the Master died now, another node would serve.', [
      [NONE, bit(ifMasterDied.failsOver)],
    ]),
    family(
      'yosugara_failover_worst_seconds',
      'From the death of the Master to the first write, at worst.',
      ifMasterDied.seconds === null ? [] : [[NONE, ifMasterDied.seconds]],
    ),
    family(
      'yosugara_away',
      '1: the Master is in another site, promoted there by an operator.',
      status.away == null ? [[NONE, 0]] : [[{ node: status.away.node }, 1]],
    ),
    family(
      'yosugara_dr_estimated_loss_bytes',
      'WAL that is known to be lost by that promotion.',
      status.away?.lostBytes == null ? [] : [[{ node: status.away.node }, status.away.lostBytes]],
    ),
    family(
      'yosugara_dr_behind_bytes',
      'WAL that the copy in another site has not got: it would be lost with the site of the Master.',
      status.siteLoss?.bytes == null ? [] : [[{ node: status.siteLoss.to }, status.siteLoss.bytes]],
    ),
    family(
      'yosugara_dr_behind_seconds',
      'At most what was acknowledged within so long would be lost with the site of the Master.',
      status.siteLoss?.seconds == null ? [] : [[{ node: status.siteLoss.to }, status.siteLoss.seconds]],
    ),
    family(
      'yosugara_dr_following',
      '1: the copy in another site follows the Master.',
      status.siteLoss == null ? [] : [[{ node: status.siteLoss.to }, bit(status.siteLoss.isFollowing)]],
    ),
    family('yosugara_alarms', 'Alarms that are on now.', [
      ...(['red', 'yellow'] as const).map((level) => [{ level }, count(alarms, level)] as const),
    ]),
    family(
      'yosugara_alarm',
      'An alarm that is on now; always 1.',
      [...new Map(alarms.map(({ level, code }) => [code, level]))].map(([code, level]) => [{ code, level }, 1] as const),
    ),
    family(
      'yosugara_last_take_over_timestamp_seconds',
      'When the present owner took over.',
      newest === undefined ? [] : [[{ owner: newest.owner }, Date.parse(newest.at) / 1_000]],
    ),
  ].join('');
}

const bit = (yes: boolean): number => (yes ? 1 : 0);
const count = (alarms: Status['alarms'], level: string): number => alarms.filter((alarm) => alarm.level === level).length;

function family(name: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
