import { stopNow } from './follower.js';
import { type Observation, type Part, propose } from './observation.js';
import { isQuiet } from './view.js';

/* The way out of an epoch that cannot be served here: given back once nothing writes, so that whoever holds the data may claim. */

export const VOLUME_HANGS = 'the data volume does not answer';

/** The epoch goes to whoever holds the data, too; with nobody left an operator is asked for (see `follow`). */
export function abandon(o: Observation, why: string): Part {
  if (!isQuiet(o) || o.postgres.kind === 'standby')
    return { role: 'HALT', why, actions: o.postgres.kind === 'primary' || o.postgres.kind === 'standby' ? [stopNow(o)] : [] };
  return giveUp(o, why);
}

export const giveUp = (o: Observation, why: string): Part => ({
  role: 'STOPPED',
  why,
  actions: !isQuiet(o)
    ? []
    : [propose({ kind: 'release', epoch: o.record.epoch, by: o.self, walEnd: null, cause: `${o.self}: ${why}` })],
});
