/** What came of one rate. */
export interface Trial {
  /** As it was really sent, messages a second. */
  readonly rate: number;
  readonly sent: number;
  readonly kept: number;
  /** Nothing lost, and all of it where it belongs as soon as it was sent: nothing piles up. */
  readonly holds: boolean;
  /** Of the processes that are measured, µs a message. */
  readonly cpuUs: number;
  readonly note: string;
}

export interface RateSearch {
  readonly first: number;
  readonly seconds: number;
  /** Sends for so long at that rate, and looks. */
  readonly trial: (rate: number, seconds: number) => Promise<Trial>;
  readonly say: (line: string) => void;
}

const GROWTH = 1.4;
/** Searched as near as this; a confirmation takes so many times as long as a step. */
const PRECISION = 1.06;
const CONFIRM = 3;
/** To half of what held for one step: who falls behind in a longer one may not catch up at rates that it kept up with before. */
const MAX_CONFIRMS = 12;
/** The generator is at its own end: what is measured is at least as quick as that. */
const GENERATOR_SHORT = 0.93;
const LEAST_RATE = 200;

/**
 * The highest rate that holds: steps until it does not, halves between, and a longer run that must hold too. What fails is tried again
 * once: another process on the machine may have been at work.
 */
export async function highestRate({ first, seconds, trial, say }: RateSearch): Promise<Trial> {
  const tryTwice = async (rate: number, forSeconds: number) => {
    const found = await trial(rate, forSeconds);
    const better = found.holds ? found : await trial(rate, forSeconds);
    say(
      `  ${found.holds || better.holds ? 'holds' : 'fails'} at ${Math.round(better.rate)}/s (asked ${Math.round(rate)}): ${better.note}`,
    );
    return better;
  };
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  for (let rate = first; ; ) {
    const found = await tryTwice(rate, seconds);
    if (found.holds) low = rate;
    else high = rate;
    if (found.holds && found.rate < rate * GENERATOR_SHORT) break;
    if (rate <= LEAST_RATE || high / Math.max(low, 1) < PRECISION) break;
    if (high === Number.POSITIVE_INFINITY) rate = low * GROWTH;
    else if (low === 0) rate = Math.max(LEAST_RATE, high / GROWTH);
    else rate = Math.sqrt(low * high);
  }
  if (low === 0) throw new Error(`not even ${Math.round(high)} messages a second hold`);
  for (let confirms = 0; ; confirms++) {
    const found = await tryTwice(low, seconds * CONFIRM);
    if (found.holds) return found;
    // Whatever is said then is no rate that held.
    if (confirms === MAX_CONFIRMS)
      throw new Error(`nothing held for ${seconds * CONFIRM} s, down to ${Math.round(low)}/s: ${found.note}`);
    low /= PRECISION;
  }
}
