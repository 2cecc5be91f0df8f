import { examples } from '../check/checker.js';
import type { Sent } from './plan.js';
import type { SenderStream } from './streams.js';

/** What became of one stream in one run. */
export interface SenderCount {
  readonly stream: string;
  readonly way: string;
  readonly loss: SenderStream['loss'];
  readonly sent: number;
  readonly lost: number;
  readonly doubled: number;
  /** Neither stored nor answered: its sender knows. Missing: older reports do not say. */
  readonly givenUp?: number;
  /** Where it is another one than that of a stream that is sent to us. */
  readonly goal?: string;
}

/**
 * Numbers 1..sent of each stream against those of the rows.
 * @param stored numbers by stream, as often as they are stored
 */
export function countStreams(
  streams: readonly SenderStream[],
  sent: Readonly<Record<string, Sent>>,
  stored: ReadonlyMap<string, readonly number[]>,
): { readonly counts: readonly SenderCount[]; readonly violations: readonly string[] } {
  const violations: string[] = [];
  const counts = streams.map(({ name, way, loss }) => {
    const times = new Map<number, number>();
    for (const number of stored.get(name) ?? []) times.set(number, (times.get(number) ?? 0) + 1);
    const { count: many, givenUp } = sent[name] ?? { count: 0, givenUp: [] };
    const isGivenUp = new Set(givenUp);
    const missing = Array.from({ length: many }, (_, index) => index + 1).filter((number) => !times.has(number));
    const lost = missing.filter((number) => !isGivenUp.has(number));
    const doubled = [...times].filter(([, count]) => count > 1).map(([number]) => number);
    const unknown = [...times.keys()].filter((number) => number > many);
    if (many === 0) violations.push(`${name} sent nothing`);
    if (lost.length > 0 && loss === 'none') violations.push(`${name}: ${lost.length} of ${many} are lost: ${examples(lost)}`);
    if (doubled.length > 0)
      violations.push(`${name}: ${doubled.length} of ${many} are stored more than once: ${examples(doubled)}`);
    if (unknown.length > 0) violations.push(`${name}: ${unknown.length} were never sent: ${examples(unknown)}`);
    return {
      stream: name,
      way,
      loss,
      sent: many,
      lost: lost.length,
      doubled: doubled.length,
      givenUp: missing.length - lost.length,
    };
  });
  return { counts, violations };
}
