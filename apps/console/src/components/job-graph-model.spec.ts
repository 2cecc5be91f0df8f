import { describe, expect, it } from 'vitest';
import { layersOf, layoutOf, NARROW, nextBox, pathOf, WIDE } from './job-graph-model.js';
import { type GraphJob, graphJob } from './job-graph-waits.js';

const job = (id: string, ...froms: readonly string[]): GraphJob => ({
  ...{ id, branches: [], others: [] },
  waits: froms.map((from) => ({ from, says: 'normal', isNormalOnly: true })),
});
const night = [job('a'), job('b', 'a'), job('c', 'a'), job('d', 'b', 'c'), job('e', 'a', 'd')];

describe('layers', () => {
  it('stand behind all that is waited for', () =>
    expect(Object.fromEntries(layersOf(night))).toEqual({ a: 0, b: 1, c: 1, d: 2, e: 3 }));
  it('come to an end where jobs wait in a circle', () =>
    expect(Object.fromEntries(layersOf([job('a', 'c'), job('b', 'a'), job('c', 'b'), job('x')]))).toEqual({
      x: 0,
      a: 1,
      b: 2,
      c: 3,
    }));
  it('do not look at what is not there, nor at a job that waits for itself', () =>
    expect(Object.fromEntries(layersOf([job('a', 'gone', 'a')]))).toEqual({ a: 0 }));
});

describe('a layout', () => {
  const overlaps = (jobs: readonly GraphJob[], sizes = WIDE) => {
    const boxes = [...layoutOf(jobs, sizes).boxes.values()];
    return boxes.flatMap((one, at) =>
      boxes
        .slice(at + 1)
        .filter((other) => Math.abs(one.x - other.x) < sizes.boxWidth && Math.abs(one.y - other.y) < sizes.boxHeight)
        .map((other) => `${one.id} ${other.id}`),
    );
  };
  const random = (seed: number, count: number) => {
    let state = seed;
    const next = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    return Array.from({ length: count }, (_, at) =>
      job(
        `j${at}`,
        ...new Set(Array.from({ length: next(3) }, () => `j${next(Math.max(1, at))}`).filter((id) => id !== `j${at}`)),
      ),
    );
  };
  it('lays no box on another one', () => {
    for (let seed = 1; seed <= 30; seed++)
      for (const sizes of [WIDE, NARROW]) expect(overlaps(random(seed, 40), sizes), `seed ${seed}`).toEqual([]);
  });
  it('has each box within its measures, from 0 on', () => {
    const { boxes, width, height } = layoutOf(random(7, 60));
    for (const { x, y } of boxes.values()) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect([x + WIDE.boxWidth <= width, y + WIDE.boxHeight <= height]).toEqual([true, true]);
    }
  });
  it('is the same for the same jobs', () => expect(layoutOf(random(3, 30))).toEqual(layoutOf(random(3, 30))));
  it('leads an edge that jumps over a layer past its boxes', () => {
    const { boxes, edges } = layoutOf(night);
    const long = edges.find(({ from, to }) => from === 'a' && to === 'e')!;
    expect(long.points.length).toBe(6);
    for (const { x, y } of long.points.slice(1, -1))
      for (const box of boxes.values())
        expect(x > box.x && x < box.x + WIDE.boxWidth && y > box.y && y < box.y + WIDE.boxHeight, box.id).toBe(false);
  });
  it('puts what nobody waits for, and what waits for nobody, below the rest', () => {
    const { boxes } = layoutOf([job('lone'), ...night]);
    expect(boxes.get('lone')!.y).toBeGreaterThan(Math.max(...['a', 'b', 'c', 'd', 'e'].map((id) => boxes.get(id)!.y)));
  });
  it('numbers exclusive branches in their order', () => {
    const chooser = { ...job('x'), branches: ['z', 'y'] };
    const { edges } = layoutOf([chooser, job('y', 'x'), job('z', 'x'), job('w', 'y')]);
    expect(edges.map(({ to, branch }) => [to, branch])).toEqual([
      ['y', 2],
      ['z', 1],
      ['w', null],
    ]);
  });
  it('of five thousand jobs is there at once', () => {
    const begun = performance.now();
    expect(layoutOf(random(5, 5_000)).boxes.size).toBe(5_000);
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
});

describe('a job of a unit', () => {
  it('waits for its siblings by edges; several conditions on one are one edge, others are told', () => {
    const made = graphJob({
      id: 'x',
      wait: {
        operator: 'and',
        unmatched: null,
        groups: [
          {
            operator: 'or',
            conditions: [
              { kind: 'end-status', job: 'a', status: ['normal'] },
              { kind: 'return-value', job: 'a', operator: '>', value: '3' },
              { kind: 'time', at: '26:30' },
            ],
          },
        ],
      },
    });
    expect(made.waits).toEqual([{ from: 'a', says: 'normal, > 3', isNormalOnly: false }]);
    expect(made.others).toEqual(['26:30']);
  });
});

describe('arrow keys', () => {
  const layout = layoutOf(night);
  it.each([
    [null, 'ArrowRight', 'a'],
    ['a', 'ArrowLeft', null],
    ['d', 'ArrowRight', 'e'],
    ['b', 'ArrowDown', 'c'],
    ['c', 'ArrowUp', 'b'],
  ] as const)('from %s by %s to %s', (from, way, to) => {
    const found = nextBox(layout, from, way);
    // Which of two siblings is above is the layout's choice.
    if (from === 'b' || from === 'c') expect(nextBox(layout, from, way) === to || nextBox(layout, to, way) === from).toBe(true);
    else expect(found).toBe(to);
  });
});

it('a path leaves and arrives along the layers', () =>
  expect(
    pathOf(
      [
        { x: 0, y: 0 },
        { x: 100, y: 40 },
        { x: 200, y: 40 },
      ],
      false,
    ),
  ).toBe('M 0 0 C 50 0, 50 40, 100 40 L 200 40'));
