import { type ClusterRecord, isAwaited } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { BranchOrder } from '@yosugara/runtime';
import type { HostModel } from './host-model.js';

type Fail = (invariant: string, says: string) => void;

/** Whoever is in the middle of something when it hears has this long to stop. */
export const HEARD_MS = 500;
/** Whoever is reached by the newer log has heard of it by then. */
const TOLD_MS = 2_500;
const STOPS_MS = 3_000;
/** A heartbeat is not missed for this long on a good line, whatever the profile. */
const REACHED_MS = 1_500;
/** The copy in the other site is not far behind, in commits, once all is quiet. */
const BEHIND = 200;

const isQuick = ({ disk }: HostModel): boolean => disk.slowMs === 0 && disk.failing === 'no';

/** T9 from outside: a member of another site serves on an operator's word alone, and whoever has heard of that serves no more by itself. */
export class DrChecks {
  readonly #fail: Fail;
  readonly #now: () => number;
  readonly #nodes: readonly NodeId[];
  /** Whom an operator had promoted. */
  readonly #words = new Set<NodeId>();
  /** Since when a good line leads from each of the first site to the other one. */
  readonly #reachesMs = new Map<string, number>();
  /** And back. */
  readonly #reachedMs = new Map<string, number>();

  constructor(nodes: readonly NodeId[], fail: Fail, now: () => number) {
    this.#nodes = nodes;
    this.#fail = fail;
    this.#now = now;
  }

  word(node: NodeId): void {
    this.#words.add(node);
  }

  changed(record: ClusterRecord): void {
    for (const node of this.#nodes) {
      if (record.away?.node === node) {
        if (!this.#words.has(node)) this.#fail('DR', `${node} is away, and no operator said so`);
      } else if (record.owner === node || record.syncSet.includes(node))
        this.#fail('DR', `${node} of the other site is counted on in epoch ${record.epoch}, and nobody promoted it`);
    }
  }

  /** Often: who could be heard there now. */
  look(hosts: readonly HostModel[], open: (from: NodeId, to: NodeId) => boolean): void {
    for (const there of hosts)
      for (const here of hosts) {
        if (!this.#nodes.includes(there.node) || here === there) continue;
        const key = `${here.node} ${there.node}`;
        const good = here.thinking && there.thinking && isQuick(here) && isQuick(there);
        const note = (sinceMs: Map<string, number>, from: NodeId, to: NodeId): void => {
          if (!good || !open(from, to)) sinceMs.delete(key);
          else if (!sinceMs.has(key)) sinceMs.set(key, this.#now());
        };
        note(this.#reachesMs, here.node, there.node);
        note(this.#reachedMs, there.node, here.node);
        this.#told(here, there, this.#reachedMs.get(key));
      }
  }

  /** A first site that the newer log reaches knows that it lives. */
  #told(here: HostModel, there: HostModel, sinceMs: number | undefined): void {
    if (sinceMs === undefined || this.#now() - sinceMs < TOLD_MS || this.#nodes.includes(here.node)) return;
    if (there.disk.branch === '' || here.disk.branch === there.disk.branch || here.disk.superseded !== null) return;
    const agoMs = Math.round(this.#now() - sinceMs);
    this.#fail(
      'DR',
      `${here.node} has been reached by ${there.node} for ${agoMs} ms, and has not heard that ${there.disk.branch} goes on`,
    );
  }

  /** The Master’s word, or anybody’s, has come there for a while. */
  hears(node: NodeId): boolean {
    return [...this.#reachesMs].some(([key, sinceMs]) => key.endsWith(` ${node}`) && this.#now() - sinceMs > REACHED_MS);
  }

  /** It is about to begin a log of its own. */
  branches(host: HostModel, order: BranchOrder): void {
    if (order.kind === 'join') return;
    if (!this.#words.has(host.node)) this.#fail('DR', `${host.node} begins a log of its own, and no operator said so`);
    for (const [key, sinceMs] of this.#reachesMs)
      if (key.endsWith(` ${host.node}`) && this.#now() - sinceMs > REACHED_MS)
        this.#fail('DR', `${host.node} is promoted though ${key.split(' ')[0]} of the other site has reached it for a while`);
  }

  /** What an older branch does after it has heard of the newer one. */
  late(host: HostModel, what: 'opens' | 'answers 200' | 'acknowledges a commit'): void {
    const { superseded, supersededMs } = host.disk;
    if (superseded === null || (host.state?.branch ?? host.disk.branch) === superseded.branch) return;
    const agoMs = this.#now() - supersededMs;
    if (agoMs > (what === 'acknowledges a commit' ? STOPS_MS : HEARD_MS))
      this.#fail('DR', `${host.node} ${what}, and has heard ${Math.round(agoMs)} ms ago that ${superseded.branch} goes on`);
  }

  /** Home again, with a copy that follows. */
  atEnd(hosts: readonly HostModel[], record: ClusterRecord): void {
    if (record.away != null) {
      const waits = isAwaited(record, record.away.node) ? ', and has not even claimed' : '';
      this.#fail(
        'DR',
        `at the end: ${record.away.node} is still away${waits}; owner ${record.owner}, sync set ${record.syncSet}`,
      );
      return;
    }
    const owner = hosts.find(({ node }) => node === record.owner);
    for (const host of hosts) {
      if (!this.#nodes.includes(host.node) || owner === undefined) continue;
      const { postgres } = host;
      const behind = owner.postgres.wal.length - postgres.wal.length;
      if (postgres.process !== 'standby' || behind > BEHIND || postgres.timeline !== owner.postgres.timeline)
        this.#fail('DR', `at the end: the copy on ${host.node} is ${postgres.process}, ${behind} commits behind ${owner.node}`);
    }
  }
}
