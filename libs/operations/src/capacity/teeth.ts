import { medianOf, noiseOf, type Point } from './trend.js';

/**
 * A clean-up takes away at once what came over hours: the series is a saw, whose teeth rise much quicker than it does. What fills up is the line
 * through their tips.
 */
export interface Teeth {
  /** Of teeth that are over, oldest first. */
  readonly tips: readonly Point[];
  /** From the ground of the last tooth on, to which the newest point belongs. */
  readonly rising: readonly Point[];
  /** How steep teeth usually rise; 0 = there are none. */
  readonly risePerMs: number;
  /** What falls less is no clean-up. */
  readonly least: number;
}

const NOISES = 6;
/** Of all that is between the least and the most. */
const SHARE = 0.15;
/** It has not fallen any further for so many points: the next tooth has begun, however slowly. */
const REST = 4;

/** @param points oldest first. */
export function teethOf(points: readonly Point[]): Teeth {
  const values = points.map(({ value }) => value);
  const least = Math.max(NOISES * noiseOf(points), SHARE * (Math.max(...values) - Math.min(...values)));
  const tips: Point[] = [];
  const rises: number[] = [];
  let ground = 0;
  // Tip and ground of the piece that goes on, and whether it goes up.
  let [high, low, isFalling] = [0, 0, false];
  for (let at = 1; at < points.length; at++) {
    const { value } = points[at]!;
    if (isFalling) {
      if (value <= points[low]!.value) low = at;
      else if (value - points[low]!.value >= least || at - low >= REST) [isFalling, ground, high] = [false, low, at];
    } else if (value > points[high]!.value) high = at;
    else if (points[high]!.value - value > least) {
      const rise = slope(points[ground]!, points[high]!);
      if (rise > 0) rises.push(rise);
      tips.push(points[high]!);
      [isFalling, low] = [true, at];
    }
  }
  return { tips, rising: points.slice(isFalling ? low : ground), risePerMs: rises.length === 0 ? 0 : medianOf(rises), least };
}

function slope(from: Point, to: Point): number {
  return to.atMs === from.atMs ? 0 : (to.value - from.value) / (to.atMs - from.atMs);
}
