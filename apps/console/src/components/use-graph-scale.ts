import { type PointerEvent, useEffect, useLayoutEffect, useState } from 'react';
import type { Box, Layout, Point, Sizes } from './job-graph-model.js';
import { LEAST_ZOOM, larger, smaller } from './job-graph-zoom.js';
import { PAD, useGraphView } from './use-graph-view.js';

/** Smaller it cannot be read. */
const LEAST_FIRST_ZOOM = 0.75;

/** How large the picture is seen, and which part of it. */
export function useGraphScale(layout: Layout, sizes: Sizes) {
  const [zoom, setZoom] = useState(1);
  const { frame, view, measure } = useGraphView(zoom);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      setZoom((now) => (event.deltaY < 0 ? larger(now) : smaller(now)));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [frame]);
  // A jobnet that is a little too large is seen whole at first.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the boxes are there.
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null || element.clientWidth === 0) return;
    const share = (element.clientWidth - 4) / (layout.width + 2 * PAD);
    if (share < 1) setZoom(Math.max(LEAST_FIRST_ZOOM, share));
  }, []);
  const fit = () => {
    const element = frame.current;
    if (element === null) return;
    const share = Math.min(
      (element.clientWidth - 4) / (layout.width + 2 * PAD),
      (element.clientHeight - 4) / (layout.height + 2 * PAD),
    );
    setZoom(Math.min(1, Math.max(LEAST_ZOOM, share)));
  };
  const show = (box: Box) => {
    const element = frame.current;
    if (element === null) return;
    const [left, top] = [(box.x + PAD) * zoom, (box.y + PAD) * zoom];
    const [width, height] = [sizes.boxWidth * zoom, sizes.boxHeight * zoom];
    if (left < element.scrollLeft) element.scrollLeft = left - PAD;
    if (left + width > element.scrollLeft + element.clientWidth) element.scrollLeft = left + width + PAD - element.clientWidth;
    if (top < element.scrollTop) element.scrollTop = top - PAD;
    if (top + height > element.scrollTop + element.clientHeight) element.scrollTop = top + height + PAD - element.clientHeight;
  };
  /** Where a pointer is, in the measures of the layout. */
  const pointAt = (event: PointerEvent): Point => {
    const box = frame.current!.getBoundingClientRect();
    return {
      x: (event.clientX - box.left + frame.current!.scrollLeft) / zoom - PAD,
      y: (event.clientY - box.top + frame.current!.scrollTop) / zoom - PAD,
    };
  };
  return { zoom, setZoom, frame, view, measure, fit, show, pointAt };
}
