import type { NodeId } from '@yosugara/kernel';
import type { Observation } from './observation.js';
import { worstFailoverMs } from './profiles.js';
import { heardLately } from './view.js';

export interface Prediction {
  readonly failsOver: boolean;
  readonly to: NodeId | null;
  readonly seconds: number | null;
  /** Acknowledged commits that would be lost; null = unknown. */
  readonly dataLoss: number | null;
  readonly reason: string;
}

/** "If the Master died now": from any member's view; the reason is a whole sentence. */
export function predict(o: Observation): Prediction {
  const no = (reason: string): Prediction => ({ failsOver: false, to: null, seconds: null, dataLoss: null, reason });
  const { record } = o;
  if (record.owner === null || record.phase !== 'serving') return no('no Master is serving now');
  const heir = record.syncSet.find((node) => node !== record.owner);
  if (heir === undefined)
    return no(`only ${record.owner} holds every acknowledged commit; run \`yosugara recover\` to bring the other node back`);
  if (heir !== o.self && !heardLately(o, heir)) return no(`${heir} is in the sync set but is not heard`);
  const heirFacts = heir === o.self ? o.postgres : o.peers.get(heir)?.postgres;
  if (heirFacts?.kind !== 'standby') return no(`PostgreSQL on ${heir} is ${heirFacts?.kind ?? 'unknown'}`);
  const voters = [...o.peers.entries()].filter(([node]) => node !== record.owner && node !== heir);
  const third = voters.some(([node]) => heardLately(o, node)) || (o.self !== record.owner && o.self !== heir);
  if (!third) return no(`no third voter is heard: ${heir} alone has no majority`);
  // P2 and P3 need a fence device and a hardware watchdog: neither is driven yet, and a proof that cannot be had must not be counted on.
  if (!o.settings.stopProofs.includes('P4'))
    return no(
      `none of the configured stop proofs (${o.settings.stopProofs.join(', ')}) can cover a dead host here: set stopProofs: [P1, P4], or confirm by hand with \`yosugara promote --old-master-is-off\``,
    );
  const seconds = Math.ceil(worstFailoverMs(o.settings.timings) / 100) / 10;
  return {
    failsOver: true,
    to: heir,
    seconds,
    dataLoss: 0,
    reason: `${heir} holds every acknowledged commit and would serve within ${seconds} s`,
  };
}
