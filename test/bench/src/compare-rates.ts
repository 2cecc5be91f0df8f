import { alternate, type BenchOptions } from './benchmark.js';
import { highestRate, type RateSearch, type Trial } from './rate-search.js';

export interface Side {
  /** Where the first search begins; each further one begins near what the last one found. */
  readonly first: number;
  readonly trial: RateSearch['trial'];
  /** Before and after a search. */
  readonly before?: () => Promise<void>;
  readonly after?: () => Promise<void>;
}

/** Shorter steps would measure how much the buffers hold. */
const LEAST_SECONDS = 3;

export const thousands = (rate: number) => `${Math.round(rate / 1_000)} k/s`;

/** The highest rates that hold, ours and the peer's by turns, and the last trial of each. */
export async function compareRates({ runs, seconds, say }: BenchOptions, ours: Side, theirs: Side | null) {
  const found: Record<'ours' | 'the peer', Trial | null> = { ours: null, 'the peer': null };
  const search = (name: keyof typeof found, side: Side) => async () => {
    say(`${name}:`);
    await side.before?.();
    const first = (found[name]?.rate ?? side.first / 0.8) * 0.8;
    const best = await highestRate({ first, seconds: Math.max(LEAST_SECONDS, seconds), trial: side.trial, say });
    await side.after?.();
    found[name] = best;
    return best.rate;
  };
  const rates = await alternate(runs, search('ours', ours), theirs === null ? null : search('the peer', theirs));
  return { rates, ours: found.ours!, peer: found['the peer'] };
}
