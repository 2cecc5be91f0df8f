import { useLayoutEffect, useRef, useState } from 'react';
import type { Point } from './job-graph-model.js';

/** Around the boxes, so that the last arrow is not at the very edge. */
export const PAD = 28;
/** Beyond what is in sight, so that a quick scroll shows no gap. */
const OVERSCAN_PX = 300;

export interface View {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What of the whole is in sight, in the measures of the layout. */
export function useGraphView(zoom: number) {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>({ left: 0, top: 0, right: 2_000, bottom: 2_000 });
  const measure = () => {
    const element = frame.current;
    if (element === null) return;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = element;
    const grid = (value: number) => Math.round(value / zoom / 100) * 100;
    const next = {
      left: grid(scrollLeft) - PAD - OVERSCAN_PX,
      top: grid(scrollTop) - PAD - OVERSCAN_PX,
      right: grid(scrollLeft + clientWidth) + OVERSCAN_PX,
      bottom: grid(scrollTop + clientHeight) + OVERSCAN_PX,
    };
    setView((now) => (Object.entries(next).every(([key, value]) => now[key as keyof View] === value) ? now : next));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew where the measures change.
  useLayoutEffect(() => {
    measure();
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [zoom]);
  return { frame, view, measure };
}

export const isSeen = (view: View, { x, y }: Point, width: number, height: number) =>
  x + width >= view.left && x <= view.right && y + height >= view.top && y <= view.bottom;

export function isEdgeSeen(view: View, points: readonly Point[]): boolean {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return isSeen(view, { x, y }, Math.max(...xs) - x, Math.max(...ys) - y);
}
