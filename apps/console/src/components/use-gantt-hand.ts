import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { panned, type Span, zoomed } from './gantt-model.js';

/** A pointer over the rows: it drags the time; the wheel zooms it with Ctrl, and moves it with Shift. `wide`: of a lane, in pixels. */
export function useGanttHand(span: Span, onSpan: (span: Span) => void) {
  const box = useRef<HTMLDivElement>(null);
  const lane = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(800);
  const drag = useRef<{ readonly x: number; readonly span: Span } | null>(null);
  useEffect(() => {
    const element = lane.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWide(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const now = useRef(span);
  now.current = span;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const { left, width } = lane.current!.getBoundingClientRect();
      const { fromMs, toMs } = now.current;
      const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
      if (event.ctrlKey) onSpan(zoomed(now.current, event.deltaY < 0 ? 1 / 1.3 : 1.3, fromMs + (toMs - fromMs) * share));
      else onSpan(panned(now.current, Math.sign(event.deltaY + event.deltaX) * 0.1));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [onSpan]);
  const onPointerDown = (event: PointerEvent) => {
    if (event.button === 0 && (event.target as Element).closest('button') === null) drag.current = { x: event.clientX, span };
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = drag.current;
    if (from === null || Math.abs(event.clientX - from.x) < 4) return;
    onSpan(panned(from.span, (from.x - event.clientX) / wide));
  };
  const letGo = () => {
    drag.current = null;
  };
  return { box, lane, wide, handlers: { onPointerDown, onPointerMove, onPointerUp: letGo, onPointerLeave: letGo } };
}
