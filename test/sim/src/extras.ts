import { type Settings, worstFailoverMs } from '@yosugara/failover';
import { nodeId } from '@yosugara/kernel';
import type { FaultClass } from './fault-tools.js';
import { EXTRA_FAULTS } from './faults-extra.js';
import { l1BudgetMs } from './liveness.js';
import type { Planned } from './plan.js';
import { Rng } from './rng.js';
import type { Focus, Shape } from './shape.js';

/**
 * What a schedule has besides the rest, with faults of its own. Drawn from random numbers of its own and added to what was drawn
 * before: a seed without them runs the schedule that it always ran.
 */
export type Extra = 'hook' | 'limit' | 'manager' | 'dr' | 'byHand';

const SHARES: Readonly<Record<Extra, number>> = { hook: 0.08, limit: 0.07, manager: 0.07, dr: 0.07, byHand: 0.1 };
const EXTRAS = ['hook', 'limit', 'manager', 'dr'] as const satisfies readonly Extra[];

export const extraRng = (seed: number): Rng => new Rng((seed * 2 + 1) ^ 0x5bd1e995);

const wanted = (focus: Focus, extra: Extra): readonly FaultClass[] =>
  EXTRA_FAULTS.filter((fault) => fault.extra === extra && (focus.faults?.includes(fault.name) ?? true));

/** A part of the generator that names their faults has them always, and one that names others never. */
export function drawExtras(rng: Rng, shape: Shape, focus: Focus, plan: readonly Planned[]): readonly Extra[] {
  const isDrawn = (from: Rng) => (extra: Extra) => from.next() < (focus.faults === undefined ? SHARES[extra] : 1);
  // Later than the others: it draws from numbers of its own, so that what they drew stays as it was.
  const drawn = [...EXTRAS.filter(isDrawn(rng)), ...(['byHand'] as const).filter(isDrawn(rng.fork()))];
  // Where nothing else may break nothing else is added either.
  if (plan.some(({ fault }) => fault.alone === true)) return [];
  return drawn.filter((extra) => wanted(focus, extra).some((fault) => fault.fits?.(shape) ?? true));
}

/** How long what was limited may have to wait, so that all of it still ends in a schedule. */
function limitOf(rng: Rng, { settings }: Shape): Settings['rateLimit'] {
  const { timings } = settings;
  const longest = Math.min(20_000, 58_000 - l1BudgetMs(timings));
  return { max: rng.pick([1, 1, 2]), withinMs: Math.round(Math.max(worstFailoverMs(timings), rng.between(0.5, 1) * longest)) };
}

const D = nodeId('d');
function withOtherSite(shape: Shape): Shape {
  const members = [...shape.members, { id: D, kind: 'data' as const, voter: false }];
  const nodes = [...shape.nodes, D];
  return { ...shape, members, nodes, drNodes: [D], settings: { ...shape.settings, drNodes: [D] } };
}

export function withExtras(rng: Rng, shape: Shape, extras: readonly Extra[]): Shape {
  if (extras.length === 0) return shape;
  const { settings } = shape;
  const hooks = extras.includes('hook') ? { beforePromotion: true, afterPromotion: rng.chance(0.5) } : settings.hooks;
  const rateLimit = extras.includes('limit') ? limitOf(rng, shape) : settings.rateLimit;
  const more = { ...shape, extras, settings: { ...settings, hooks, rateLimit } };
  return extras.includes('dr') ? withOtherSite(more) : more;
}

export function planExtras(
  rng: Rng,
  shape: Shape,
  { startMs, faultMs }: { readonly startMs: number; readonly faultMs: number },
  focus: Focus,
  plan: readonly Planned[],
): readonly Planned[] {
  const more = shape.extras.flatMap((extra) => {
    const from = wanted(focus, extra).filter((fault) => fault.fits?.(shape) ?? true);
    return Array.from({ length: 1 + Math.floor(rng.next() * 3) }, () => ({
      fault: rng.pick(from),
      atMs: startMs + rng.between(0, faultMs * 0.7),
      rng: new Rng(Math.floor(rng.next() * 2 ** 31)),
    }));
  });
  // It takes its time, and nothing else may break meanwhile.
  const single = more.find(({ fault }) => fault.alone === true);
  if (single !== undefined) return [{ ...single, atMs: startMs + 500 }];
  return [...plan, ...more.filter(({ fault }) => fault.alone !== true)];
}
