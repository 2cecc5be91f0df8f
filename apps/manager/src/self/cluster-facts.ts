import { alarmItem, type Seen } from '@yosugara/operations';
import type { ReceiverReport, ReceiversAnswer, Status } from '@yosugara/protocol';

/** What is watched by a table of its own, and better. */
const WATCHED_ALARMS: ReadonlySet<string> = new Set(['RECEIVER_DOWN', 'KERNEL_DROPS', 'RECEIVER_FULL']);

/** Such as a sentence about both nodes. */
const MOST_NOTE = 600;

export interface ClusterFacts {
  readonly alarms: readonly Seen[];
  readonly lags: readonly Seen[];
  readonly siteLoss: readonly Seen[];
  readonly fences: readonly Seen[];
  readonly fenceAges: readonly Seen[];
}

/** What the controller of a node says of the cluster, as values of watches. */
export function clusterFacts(self: string, { alarms, nodes, siteLoss, fence = [] }: Status): ClusterFacts {
  const ownDisk = new RegExp(`^the (data|state) volume of ${self} `);
  const watched = alarms.filter(
    ({ code, text }) => !WATCHED_ALARMS.has(code) && !(code.startsWith('DISK_') && ownDisk.test(text)),
  );
  const seen = new Map<string, Seen>();
  for (const { code, level, text } of watched) {
    const item = alarmItem(code, text);
    const value = Math.max(level === 'red' ? 2 : 1, seen.get(item)?.value ?? 0);
    seen.set(item, { item, value, note: text.slice(0, MOST_NOTE) });
  }
  return {
    alarms: [...seen.values()],
    siteLoss:
      siteLoss?.seconds == null
        ? []
        : [{ item: siteLoss.to, value: siteLoss.seconds, note: `${siteLoss.bytes ?? 'an unknown number of'} bytes of WAL` }],
    lags: nodes.flatMap(({ name, lagBytes }) => (lagBytes === null ? [] : [{ item: name, value: lagBytes }])),
    fences: fence.map(({ target, by, healthy, says }) => ({
      item: `${target} as read by ${by}`,
      value: healthy ? 0 : 1,
      note: says,
    })),
    fenceAges: fence.map(({ target, by, ageMs }) => ({ item: `${target} as read by ${by}`, value: ageMs / 1_000 })),
  };
}

export interface ReceiverFacts {
  readonly behind: readonly Seen[];
  readonly drops: readonly Seen[];
  /** For how long a listener has been missing that is to be open. */
  readonly away: readonly Seen[];
}

export function receiverFacts(receivers: ReceiversAnswer['receivers']): ReceiverFacts {
  const heard = receivers.flatMap(({ node, report }) => (report === null ? [] : [{ node, report }]));
  const each = (value: (report: ReceiverReport) => number): readonly Seen[] =>
    heard.map(({ node, report }) => ({ item: node, value: value(report) }));
  return {
    behind: each(({ behindPeer }) => behindPeer),
    drops: each(({ lately }) => lately?.kernelDrops ?? 0),
    away: heard.map(({ node, report: { listenersAway = [] } }) => ({
      item: node,
      value: Math.max(0, ...listenersAway.map(({ forSeconds }) => forSeconds)),
      note: listenersAway.map(({ protocol, address, port, why }) => `${protocol} ${address}:${port}: ${why}`).join('; '),
    })),
  };
}
