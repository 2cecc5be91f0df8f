import type { Status } from '@yosugara/protocol';
import { type Tone, toneOf } from './cluster-model.js';

export interface StripNode {
  readonly name: string;
  readonly role: string;
  readonly tone: Tone;
}

export interface Strip {
  readonly nodes: readonly StripNode[];
  /** null: there is none. */
  readonly arbiter: { readonly name: string; readonly isVoting: boolean } | null;
  readonly verdict: 'safe' | 'loss' | 'nobody' | 'paused';
  readonly to: string | null;
  readonly seconds: number | null;
  readonly redAlarms: number;
}

/** The cluster in one line; the Master comes first. */
export function stripOf(status: Status): Strip {
  const { ifMasterDied, arbiter, pause = null } = status;
  const nodes = status.nodes
    .map((node) => ({ name: node.name, role: node.reachable ? node.role : 'UNKNOWN', tone: toneOf(node) }))
    .sort((one, other) => Number(other.name === status.master) - Number(one.name === status.master));
  const safe = ifMasterDied.dataLoss === 0 ? 'safe' : 'loss';
  return {
    nodes,
    arbiter: arbiter === null ? null : { name: arbiter.name, isVoting: arbiter.voting },
    verdict: pause !== null ? 'paused' : ifMasterDied.failsOver ? safe : 'nobody',
    to: ifMasterDied.to,
    seconds: ifMasterDied.seconds === null ? null : Math.ceil(ifMasterDied.seconds),
    redAlarms: status.alarms.filter(({ level }) => level === 'red').length,
  };
}
