/** What is decided when a cluster is made. */
export interface ClusterSettings {
  readonly profile: 'fast' | 'lan' | 'tolerant' | 'vm' | 'wan-arbiter';
  readonly autoRejoin: 'never' | 'clean' | 'always';
  /** No arbiter: power controllers are the tie-breaker. */
  readonly twoNodes: boolean;
  /** A real IPMI power controller for each data host, stop proof P2. */
  readonly fencing: boolean;
  /** A copy in another site, behind a line of `LINE_DELAY_MS` each way. */
  readonly dr: boolean;
  /** What that copy takes of the line at most; 0: what it needs. */
  readonly lineMbit: number;
  /** What goes to another site, either way, is packed there. */
  readonly linePacked: boolean;
  /** How clients find the Master: by an address that follows it, or by a load balancer that asks the nodes. */
  readonly front: 'vip' | 'balancer';
  /** Receivers that know the community and the v3 user of docs/senders. */
  readonly senders: boolean;
  /** Begins with the previous version of the programs. */
  readonly previous: boolean;
  /** Disks and journals for ten million messages. */
  readonly large: boolean;
  /** Those that the cluster makes itself live for a minute. */
  readonly shortCertificates: boolean;
}

export const DEFAULT_SETTINGS: ClusterSettings = {
  profile: 'lan',
  autoRejoin: 'never',
  twoNodes: false,
  fencing: false,
  dr: false,
  lineMbit: 0,
  linePacked: false,
  front: 'vip',
  senders: false,
  previous: false,
  large: false,
  shortCertificates: false,
};

/** A power controller for each data host. */
export const withBoards = ({ fencing, twoNodes }: ClusterSettings): boolean => fencing || twoNodes;
