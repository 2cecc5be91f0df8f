import { most, order, type Slot, spread } from './job-graph-slots.js';
import type { GraphJob } from './job-graph-waits.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Box extends Point {
  readonly id: string;
  /** From 0; how many steps lie before it. */
  readonly layer: number;
}
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly says: string;
  readonly isNormalOnly: boolean;
  /** From 1: its place among exclusive branches; null = it is none. */
  readonly branch: number | null;
  readonly points: readonly Point[];
}
export interface Layout {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly edges: readonly Edge[];
  readonly width: number;
  readonly height: number;
}

export interface Sizes {
  readonly boxWidth: number;
  readonly boxHeight: number;
  readonly gapX: number;
  readonly gapY: number;
  /** Steps go down instead of to the right: on a narrow screen. */
  readonly isDown: boolean;
}
export const WIDE: Sizes = { boxWidth: 184, boxHeight: 56, gapX: 92, gapY: 22, isDown: false };
export const NARROW: Sizes = { boxWidth: 150, boxHeight: 56, gapX: 16, gapY: 52, isDown: true };

/** An edge over more layers than this goes straight: room for it in each of them would cost more than it shows. */
const MOST_JUMPED = 30;

/** How many steps lie before each; what waits in a circle (a mistake that is being made) comes after all else. */
export function layersOf(jobs: readonly GraphJob[]): ReadonlyMap<string, number> {
  const here = new Map(jobs.map((job) => [job.id, job]));
  const before = new Map(
    jobs.map(({ id, waits }) => [id, waits.map(({ from }) => from).filter((from) => from !== id && here.has(from))]),
  );
  const after = new Map<string, string[]>();
  const left = new Map<string, number>();
  for (const [id, froms] of before) {
    left.set(id, froms.length);
    for (const from of froms) {
      const waiting = after.get(from) ?? [];
      after.set(from, waiting);
      waiting.push(id);
    }
  }
  const layers = new Map<string, number>();
  const queue = jobs.filter(({ id }) => left.get(id) === 0).map(({ id }) => id);
  for (const id of queue) layers.set(id, 0);
  for (let at = 0; at < queue.length; at++) {
    const id = queue[at]!;
    for (const next of after.get(id) ?? []) {
      layers.set(next, Math.max(layers.get(next) ?? 0, layers.get(id)! + 1));
      left.set(next, left.get(next)! - 1);
      if (left.get(next) === 0) queue.push(next);
    }
  }
  const known = new Set(queue);
  let deepest = queue.reduce((max, id) => Math.max(max, layers.get(id)!), -1);
  for (const { id } of jobs) if (!known.has(id)) layers.set(id, ++deepest);
  return layers;
}

/** Boxes in layers by what they wait for, edges around them. The same jobs in the same order give the same picture. */
export function layoutOf(jobs: readonly GraphJob[], sizes: Sizes = WIDE): Layout {
  const here = new Set(jobs.map(({ id }) => id));
  const isWaitedFor = new Set(jobs.flatMap(({ id, waits }) => waits.filter(({ from }) => from !== id).map(({ from }) => from)));
  const isLoose = ({ id, waits }: GraphJob) => !isWaitedFor.has(id) && !waits.some(({ from }) => here.has(from) && from !== id);
  const loose = jobs.filter(isLoose);
  const bound = jobs.filter((job) => !isLoose(job));
  const placed = placeBound(bound, here, sizes);
  const rows = placeLoose(loose, placed, sizes);
  return { ...placed, ...rows };
}

interface Placed extends Layout {
  readonly boxes: Map<string, Box>;
}

function placeBound(jobs: readonly GraphJob[], here: ReadonlySet<string>, sizes: Sizes): Placed {
  const layers = layersOf(jobs);
  const slots = new Map<string, Slot>();
  const columns: Slot[][] = [];
  const add = (layer: number, id: string | null): Slot => {
    for (let at = columns.length; at <= layer; at++) columns.push([]);
    const slot: Slot = { layer, id, before: [], after: [], order: columns[layer]!.length, at: 0 };
    columns[layer]!.push(slot);
    return slot;
  };
  for (const { id } of jobs) slots.set(id, add(layers.get(id)!, id));
  const branches = new Map(
    jobs.flatMap(({ id, branches: order }) => order.map((name, at) => [`${id} ${name}`, at + 1] as const)),
  );
  const lines: { readonly edge: Omit<Edge, 'points'>; readonly path: readonly Slot[] }[] = [];
  for (const { id, waits } of jobs)
    for (const { from, says, isNormalOnly } of waits) {
      if (!here.has(from) || from === id) continue;
      const path = chain(slots.get(from)!, slots.get(id)!, add);
      lines.push({ edge: { from, to: id, says, isNormalOnly, branch: branches.get(`${from} ${id}`) ?? null }, path });
    }
  order(columns);
  spread(columns, sizes.isDown ? sizes.boxWidth + sizes.gapX : sizes.boxHeight + sizes.gapY);
  return drawn(columns, lines, sizes);
}

/** From one to the other through each layer between; backwards (in a circle) straight. */
function chain(from: Slot, to: Slot, add: (layer: number, id: null) => Slot): readonly Slot[] {
  if (to.layer <= from.layer || to.layer - from.layer > MOST_JUMPED) return [from, to];
  const path = [from];
  for (let layer = from.layer + 1; layer < to.layer; layer++) path.push(add(layer, null));
  path.push(to);
  for (let at = 1; at < path.length; at++) {
    path[at - 1]!.after.push(path[at]!);
    path[at]!.before.push(path[at - 1]!);
  }
  return path;
}

function drawn(
  columns: readonly Slot[][],
  lines: readonly { readonly edge: Omit<Edge, 'points'>; readonly path: readonly Slot[] }[],
  { boxWidth, boxHeight, gapX, gapY, isDown }: Sizes,
): Placed {
  const along = isDown ? boxHeight + gapY : boxWidth + gapX;
  const corner = ({ layer, at }: Slot): Point => (isDown ? { x: at, y: layer * along } : { x: layer * along, y: at });
  const boxes = new Map<string, Box>();
  for (const slot of columns.flat())
    if (slot.id !== null) boxes.set(slot.id, { id: slot.id, layer: slot.layer, ...corner(slot) });
  const side = (slot: Slot, isStart: boolean): Point => {
    const { x, y } = corner(slot);
    return isDown
      ? { x: x + boxWidth / 2, y: y + (isStart ? boxHeight : 0) }
      : { x: x + (isStart ? boxWidth : 0), y: y + boxHeight / 2 };
  };
  const edges = lines.map(({ edge, path }) => ({
    ...edge,
    // Through the whole of a layer, so that it does not bend into a box beside it.
    points: path.flatMap((slot, at) =>
      at === 0 ? [side(slot, true)] : at === path.length - 1 ? [side(slot, false)] : [side(slot, false), side(slot, true)],
    ),
  }));
  const all = [...boxes.values()];
  return {
    ...{ boxes, edges },
    width: most(all.map(({ x }) => x + boxWidth)),
    height: most(all.map(({ y }) => y + boxHeight)),
  };
}

/** Those that wait for nobody, and nobody for them: below the others, in rows. */
function placeLoose(loose: readonly GraphJob[], placed: Placed, sizes: Sizes): Partial<Layout> {
  if (loose.length === 0) return {};
  const { boxWidth, boxHeight, gapX, gapY, isDown } = sizes;
  const [stepX, stepY] = [boxWidth + (isDown ? gapX : 24), boxHeight + (isDown ? 16 : gapY)];
  const perRow = isDown ? 2 : Math.max(5, Math.ceil(Math.sqrt(loose.length)), Math.floor((placed.width + 24) / stepX));
  const top = placed.height === 0 ? 0 : placed.height + gapY * 2;
  const boxes = new Map(placed.boxes);
  loose.forEach(({ id }, at) => {
    boxes.set(id, { id, layer: 0, x: (at % perRow) * stepX, y: top + Math.floor(at / perRow) * stepY });
  });
  return {
    boxes,
    width: Math.max(placed.width, Math.min(perRow, loose.length) * stepX - (stepX - boxWidth)),
    height: top + Math.ceil(loose.length / perRow) * stepY - (stepY - boxHeight),
  };
}

/** As the `d` of a path: from point to point, leaving and arriving along the layers. */
export function pathOf(points: readonly Point[], isDown: boolean): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let from = first;
  const parts = rest.map((to) => {
    const bend = isDown ? Math.max(14, Math.abs(to.y - from.y) / 2) : Math.max(20, Math.abs(to.x - from.x) / 2);
    const [one, two] = isDown
      ? [`${from.x} ${from.y + bend}`, `${to.x} ${to.y - bend}`]
      : [`${from.x + bend} ${from.y}`, `${to.x - bend} ${to.y}`];
    const isStraight = isDown ? from.x === to.x : from.y === to.y;
    from = to;
    return isStraight ? `L ${to.x} ${to.y}` : `C ${one}, ${two}, ${to.x} ${to.y}`;
  });
  return [`M ${first.x} ${first.y}`, ...parts].join(' ');
}

export type Way = 'ArrowRight' | 'ArrowLeft' | 'ArrowUp' | 'ArrowDown';

/** Where an arrow key leads: the nearest box that way, those straight ahead first. null = there is none. */
export function nextBox(layout: Layout, from: string | null, way: Way): string | null {
  const boxes = [...layout.boxes.values()];
  const here = from === null ? undefined : layout.boxes.get(from);
  if (here === undefined) return boxes.toSorted((one, other) => one.x - other.x || one.y - other.y)[0]?.id ?? null;
  const isAcross = way === 'ArrowLeft' || way === 'ArrowRight';
  const sign = way === 'ArrowRight' || way === 'ArrowDown' ? 1 : -1;
  let best: { readonly id: string; readonly far: number } | null = null;
  for (const box of boxes) {
    const [ahead, aside] = isAcross
      ? [(box.x - here.x) * sign, Math.abs(box.y - here.y)]
      : [(box.y - here.y) * sign, Math.abs(box.x - here.x)];
    if (ahead <= 1) continue;
    const far = ahead + aside * 2;
    if (best === null || far < best.far) best = { id: box.id, far };
  }
  return best?.id ?? null;
}
