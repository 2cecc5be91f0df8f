import { assertNever } from '@yosugara/kernel';
import { proofOfStop } from './claimant.js';
import { fencing } from './fencing.js';
import { abandon } from './giving-up.js';
import type { Observation, Part } from './observation.js';
import { promoting } from './promoting.js';
import { serving } from './serving.js';
import { stoppingOld } from './stopping-old.js';

/* The owner's epoch has three phases in the record, and a file each. What holds in all of them is here. */

/** What the owner does, its lease holding. */
export function own(o: Observation): Part {
  const lost = unusable(o);
  if (lost !== null) return abandon(o, lost);
  const part = inPhase(o);
  const { why, actions } = fencing(o, isUnproven(o));
  if (why === null) return part;
  return {
    ...part,
    why: o.record.phase === 'serving' ? `${part.why}; ${why}` : why,
    actions: [...part.actions, ...actions],
  };
}

/** Everything is ready here: only what has become of the old owner is not known. */
const isUnproven = (o: Observation): boolean =>
  o.record.phase === 'stopping-old' && o.postgres.kind === 'standby' && proofOfStop(o) === null;

function inPhase(o: Observation): Part {
  switch (o.record.phase) {
    case 'stopping-old':
      return stoppingOld(o);
    case 'promoting':
      return promoting(o);
    case 'serving':
      return serving(o);
    case 'none':
      return { role: 'INIT', why: 'no owner yet', actions: [] };
    default:
      return assertNever(o.record.phase);
  }
}

/** What is here can never be served, whatever the phase. null: it can. */
function unusable(o: Observation): string | null {
  const facts = o.postgres;
  if (o.record.systemId === null) return null;
  if (facts.kind === 'empty') return 'the data directory is gone';
  if (facts.kind === 'stopped' && facts.state === 'incomplete') return 'the data directory is an interrupted copy';
  return 'systemId' in facts && facts.systemId !== o.record.systemId ? 'the data directory belongs to another cluster' : null;
}
