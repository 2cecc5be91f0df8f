import { twoMastersMs } from './measure.js';
import type { Observed, ReadBack, Verdict, WriterName } from './types.js';

/**
 * Compares what the client was told with what the nodes hold. Nothing acknowledged may be missing on any node that was read,
 * every numbered message must be stored exactly once on each, and no two Masters may have acted at one time.
 *
 * @param nodes every node that should hold everything: after `recover`, both.
 */
export function check(observed: Observed, nodes: readonly ReadBack[]): Verdict {
  const violations: string[] = [];
  const lostWrites = new Set<string>();
  const lostMessages = new Set<number>();
  const doubledMessages = new Set<number>();
  for (const held of nodes) {
    for (const writer of ['sql', 'api', 'append'] as const) {
      const lost = missingWrites(observed, held, writer);
      for (const key of lost) lostWrites.add(`${writer} ${key}`);
      if (lost.length > 0)
        violations.push(`${lost.length} acknowledged ${writer} writes are missing on ${held.node}: ${examples(lost)}`);
    }
    const twice = doubled(held.keys.append ?? []);
    if (twice.length > 0)
      violations.push(`${twice.length} append writes are there more than once on ${held.node}: ${examples(twice)}`);
    const messages = messageFaults(observed, held.messageNumbers);
    for (const number of messages.lost) lostMessages.add(number);
    for (const number of messages.doubled) doubledMessages.add(number);
    if (messages.lost.length > 0)
      violations.push(`${messages.lost.length} messages are missing on ${held.node}: ${examples(messages.lost)}`);
    if (messages.doubled.length > 0)
      violations.push(
        `${messages.doubled.length} messages are stored more than once on ${held.node}: ${examples(messages.doubled)}`,
      );
    if (messages.unknown.length > 0)
      violations.push(`${messages.unknown.length} messages on ${held.node} were never sent: ${examples(messages.unknown)}`);
  }
  if (nodes.length === 0) violations.push('no node could be read back');
  const overlap = Math.round(twoMastersMs(observed.acknowledged, observed.masterAnswers));
  if (overlap > 0) violations.push(`two Masters acted at one time for ${overlap} ms`);
  return {
    writesAcknowledged: observed.acknowledged.length,
    writesLost: lostWrites.size,
    messagesSent: observed.messagesSent,
    messagesLost: lostMessages.size,
    messagesDoubled: doubledMessages.size,
    twoMastersMs: overlap,
    violations,
  };
}

function missingWrites(observed: Observed, held: ReadBack, writer: WriterName): readonly number[] {
  const there = new Set(held.keys[writer] ?? []);
  const gone = observed.gone ?? new Set();
  return observed.acknowledged
    .filter((write) => write.writer === writer && !there.has(write.key) && !gone.has(write))
    .map((write) => write.key);
}

function doubled(numbers: readonly number[]): readonly number[] {
  const seen = new Set<number>();
  return numbers.filter((number) => seen.size === seen.add(number).size);
}

function messageFaults({ messagesSent: sent, unheard }: Observed, stored: readonly number[]) {
  const excused = (number: number) => unheard !== undefined && number >= unheard.from && number <= unheard.to;
  const times = new Map<number, number>();
  for (const number of stored) times.set(number, (times.get(number) ?? 0) + 1);
  const lost: number[] = [];
  for (let number = 1; number <= sent; number++) if (!times.has(number) && !excused(number)) lost.push(number);
  const doubled = [...times].filter(([, count]) => count > 1).map(([number]) => number);
  const unknown = [...times.keys()].filter((number) => number < 1 || number > sent);
  return { lost, doubled, unknown };
}

/** Runs of neighbours are named as ranges: 3, 7-19, 40 … */
export function examples(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((left, right) => left - right);
  const ranges: string[] = [];
  for (let at = 0; at < sorted.length && ranges.length < 6; ) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++;
    ranges.push(end === at ? `${sorted[at]}` : `${sorted[at]}-${sorted[end]}`);
    at = end + 1;
  }
  return ranges.join(', ') + (ranges.length === 6 ? ' …' : '');
}
