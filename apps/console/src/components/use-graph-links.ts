import { type PointerEvent, type RefObject, useRef, useState } from 'react';
import type { Point } from './job-graph-model.js';

export interface GraphEdits {
  readonly connect: (from: string, to: string) => void;
  readonly disconnect: (from: string, to: string) => void;
  readonly remove: (id: string) => void;
}

interface Linking {
  readonly from: string;
  /** The end that a pointer drags; null: it was begun by a key. */
  readonly at: Point | null;
}

/** What a connection is drawn with and taken away by: the one under way, and the one that is chosen. */
export function useGraphLinks(edits: GraphEdits | undefined) {
  const [linking, setLinking] = useState<Linking | null>(null);
  const [edge, setEdge] = useState<{ readonly from: string; readonly to: string } | null>(null);
  const end = (to: string) => {
    if (linking !== null && linking.from !== to) edits?.connect(linking.from, to);
    setLinking(null);
  };
  const drop = () => {
    if (edge !== null) edits?.disconnect(edge.from, edge.to);
    setEdge(null);
  };
  return { linking, begin: setLinking, end, edge, setEdge, drop };
}

interface HandProps {
  readonly frame: RefObject<HTMLDivElement | null>;
  readonly links: ReturnType<typeof useGraphLinks>;
  readonly pointAt: (event: PointerEvent) => Point;
}

/** A pointer over the picture: it drags a new connection from a port, or the picture itself. */
export function useGraphHand({ frame, links, pointAt }: HandProps) {
  const { linking, begin, end, setEdge } = links;
  const pan = useRef<{ readonly x: number; readonly y: number; readonly left: number; readonly top: number } | null>(null);
  const link = (from: string) => (event: PointerEvent) => {
    event.preventDefault();
    event.stopPropagation();
    frame.current?.setPointerCapture(event.pointerId);
    begin({ from, at: pointAt(event) });
  };
  const onPointerDown = (event: PointerEvent) => {
    if (
      event.button !== 0 ||
      event.pointerType === 'touch' ||
      (event.target as Element).closest('button, .graph-edge-hit, .graph-port') !== null
    )
      return;
    setEdge(null);
    const element = frame.current!;
    pan.current = { x: event.clientX, y: event.clientY, left: element.scrollLeft, top: element.scrollTop };
  };
  const onPointerMove = (event: PointerEvent) => {
    if (linking !== null && linking.at !== null) return begin({ from: linking.from, at: pointAt(event) });
    const from = pan.current;
    if (from === null || frame.current === null) return;
    frame.current.scrollLeft = from.left - (event.clientX - from.x);
    frame.current.scrollTop = from.top - (event.clientY - from.y);
  };
  const onPointerUp = (event: PointerEvent) => {
    pan.current = null;
    if (linking === null || linking.at === null) return;
    const to = document
      .elementsFromPoint(event.clientX, event.clientY)
      .find((each) => each instanceof HTMLElement && each.dataset['job'] !== undefined);
    if (to instanceof HTMLElement) end(to.dataset['job']!);
    else begin(null);
  };
  return { link, handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: () => begin(null) } };
}
