import type { Status } from '@yosugara/protocol';

type Node = Status['nodes'][number];

const node = (name: string, address: string, more: Partial<Node>): Node => ({
  name,
  address,
  zone: `local-${name}`,
  role: 'STANDBY_SYNC',
  why: 'streaming',
  reachable: true,
  syncSet: true,
  lagBytes: 0,
  timeline: 1,
  lsn: '0/3000060',
  postgres: 'running',
  vip: false,
  needsRecover: false,
  deadMan: 'armed',
  receiver: { up: true, received: 12, behindPeer: 0, peerLink: 'up' },
  recover: null,
  processes: [],
  ...more,
});

/** A whole cluster: `a` is Master, `b` Standby in the sync set, `w` votes. A test names only what differs. */
export function wholeCluster(more: Partial<Status> = {}, b: Partial<Node> = {}): Status {
  return {
    clusterId: 'local',
    epoch: 1,
    phase: 'SYNC',
    master: 'a',
    leader: 'a',
    term: 1,
    profile: 'lan',
    policy: 'available',
    stopProofs: ['P1', 'P4'],
    answeredBy: 'a',
    nodes: [node('a', '127.0.1.1', { role: 'MASTER_SYNC', why: 'owner', vip: true }), node('b', '127.0.1.2', b)],
    arbiter: { name: 'w', address: '127.0.1.3', zone: 'local-w', voting: true, processes: [] },
    vip: { address: '127.0.1.10', driver: 'bind', holder: 'a' },
    links: [],
    ifMasterDied: { failsOver: true, to: 'b', seconds: 9, dataLoss: 0, reason: 'b is in the sync set' },
    alarms: [],
    history: [{ epoch: 1, owner: 'a', from: null, at: '2026-11-21T00:00:00Z', cause: 'bootstrap', proof: null, timeline: 1 }],
    ...more,
  };
}
