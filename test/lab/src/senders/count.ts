import { examples } from '../check/checker.js';
import type { SenderStream } from './streams.js';

/** What became of one stream in one run. */
export interface SenderCount {
  readonly stream: string;
  readonly way: string;
  readonly loss: SenderStream['loss'];
  readonly sent: number;
  readonly lost: number;
  readonly doubled: number;
}

/**
 * Numbers 1..sent of each stream against those of the rows.
 * @param stored numbers by stream, as often as they are stored
 */
export function countStreams(
  streams: readonly SenderStream[],
  sent: Readonly<Record<string, number>>,
  stored: ReadonlyMap<string, readonly number[]>,
): { readonly counts: readonly SenderCount[]; readonly violations: readonly string[] } {
  const violations: string[] = [];
  const counts = streams.map(({ name, way, loss }) => {
    const times = new Map<number, number>();
    for (const number of stored.get(name) ?? []) times.set(number, (times.get(number) ?? 0) + 1);
    const many = sent[name] ?? 0;
    const lost: number[] = [];
    for (let number = 1; number <= many; number++) if (!times.has(number)) lost.push(number);
    const doubled = [...times].filter(([, count]) => count > 1).map(([number]) => number);
    const unknown = [...times.keys()].filter((number) => number > many);
    if (many === 0) violations.push(`${name} sent nothing`);
    if (lost.length > 0 && loss === 'none') violations.push(`${name}: ${lost.length} of ${many} are lost: ${examples(lost)}`);
    if (doubled.length > 0)
      violations.push(`${name}: ${doubled.length} of ${many} are stored more than once: ${examples(doubled)}`);
    if (unknown.length > 0) violations.push(`${name}: ${unknown.length} were never sent: ${examples(unknown)}`);
    return { stream: name, way, loss, sent: many, lost: lost.length, doubled: doubled.length };
  });
  return { counts, violations };
}
