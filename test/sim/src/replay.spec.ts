import { describe, expect, it } from 'vitest';
import { replayLines } from './replay.js';
import { runSeed } from './world.js';

function tracesOf(seed: number): Map<string, string[]> {
  const traces = new Map<string, string[]>();
  runSeed(seed, {
    record: (node, entry) => {
      const lines = traces.get(node) ?? [];
      lines.push(JSON.stringify(entry));
      traces.set(node, lines);
    },
  });
  return traces;
}

describe('a controller’s trace', { timeout: 60_000 }, () => {
  const traces = tracesOf(7);

  it('goes through the cores again with the same effects, over crashes and restarts', () => {
    expect([...traces.keys()]).toEqual(expect.arrayContaining(['a', 'b']));
    for (const lines of traces.values()) {
      const { steps, differs } = replayLines(lines);
      expect(differs).toBeNull();
      expect(steps).toBeGreaterThan(1_000);
    }
  });

  it('is told apart from what other cores would have done', () => {
    const lines = [...traces.get('a')!];
    const place = lines.findIndex((line) => line.includes('"kind":"lease"'));
    lines[place] = lines[place]!.replace('"kind":"lease"', '"kind":"Lease"');
    expect(replayLines(lines).differs).toMatchObject({ line: place + 1 });
  });

  it('may end in the middle of a line', () => {
    const lines = traces.get('a')!;
    const cut = [...lines.slice(0, 50), lines[50]!.slice(0, 20)];
    expect(replayLines(cut).differs).toBeNull();
  });
});
