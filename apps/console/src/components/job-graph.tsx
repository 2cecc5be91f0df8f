import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useText } from '../i18n/language.js';
import { type BoxLook, GraphBox } from './job-graph-box.js';
import { Arrows, EdgeLine } from './job-graph-edges.js';
import { type Box, type Layout, nextBox, type Point, pathOf, type Sizes } from './job-graph-model.js';
import { GraphZoom, LEAST_ZOOM, larger, smaller } from './job-graph-zoom.js';
import { isEdgeSeen, isSeen, PAD, useGraphView } from './use-graph-view.js';

/** Smaller it cannot be read. */
const LEAST_FIRST_ZOOM = 0.75;

export interface GraphEdits {
  readonly connect: (from: string, to: string) => void;
  readonly disconnect: (from: string, to: string) => void;
  readonly remove: (id: string) => void;
}

interface GraphProps {
  readonly layout: Layout;
  readonly sizes: Sizes;
  readonly label: string;
  readonly chosen: string | null;
  readonly onChoose: (id: string | null) => void;
  /** Into a jobnet. */
  readonly onOpen: (id: string) => void;
  readonly look: (id: string) => BoxLook;
  readonly edits?: GraphEdits | undefined;
}

/** Jobs as boxes, what they wait for as arrows. Arrow keys go from box to box; `c` begins a connection, Enter ends it. */
export function JobGraph({ layout, sizes, label, chosen, onChoose, onOpen, look, edits }: GraphProps) {
  const { t } = useText();
  const [zoom, setZoom] = useState(1);
  const { frame, view, measure } = useGraphView(zoom);
  const [cursor, setCursor] = useState<string | null>(null);
  const [linking, setLinking] = useState<{ readonly from: string; readonly at: Point | null } | null>(null);
  const [edge, setEdge] = useState<{ readonly from: string; readonly to: string } | null>(null);
  const wantsFocus = useRef(false);
  const pan = useRef<{ readonly x: number; readonly y: number; readonly left: number; readonly top: number } | null>(null);
  const stop = cursor !== null && layout.boxes.has(cursor) ? cursor : (chosen ?? [...layout.boxes.keys()][0] ?? null);
  const boxes = useMemo(
    () => [...layout.boxes.values()].filter((box) => isSeen(view, box, sizes.boxWidth, sizes.boxHeight) || box.id === stop),
    [layout, view, sizes, stop],
  );
  const edges = useMemo(() => layout.edges.filter(({ points }) => isEdgeSeen(view, points)), [layout, view]);

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
  const go = (id: string) => {
    const box = layout.boxes.get(id);
    if (box === undefined) return;
    wantsFocus.current = true;
    show(box);
    setCursor(id);
  };
  useEffect(() => {
    if (!wantsFocus.current || cursor === null) return;
    wantsFocus.current = false;
    frame.current?.querySelector<HTMLElement>(`[data-job="${CSS.escape(cursor)}"]`)?.focus({ preventScroll: true });
  }, [cursor, frame]);
  // Whoever opens an address with a job in it sees that job.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when it is another job, not at every change of the picture.
  useEffect(() => {
    const box = chosen === null ? undefined : layout.boxes.get(chosen);
    if (box !== undefined) show(box);
  }, [chosen, layout.boxes.has(chosen ?? '')]);
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

  const end = (to: string) => {
    if (linking !== null && linking.from !== to) edits?.connect(linking.from, to);
    setLinking(null);
  };
  const press = (id: string) => (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    const acts: Record<string, (() => void) | undefined> = {
      Enter: () => (linking !== null ? end(id) : chosen === id ? onOpen(id) : onChoose(id)),
      Escape: () => (linking !== null ? setLinking(null) : onChoose(null)),
      ...(edits === undefined
        ? {}
        : { c: () => setLinking({ from: id, at: null }), Delete: () => (edge === null ? edits.remove(id) : drop()) }),
      o: () => onOpen(id),
    };
    const act = acts[key];
    if (act !== undefined) act();
    else if (key === 'ArrowRight' || key === 'ArrowLeft' || key === 'ArrowUp' || key === 'ArrowDown') {
      const next = nextBox(layout, id, key);
      if (next !== null) go(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const drop = () => {
    if (edge !== null) edits?.disconnect(edge.from, edge.to);
    setEdge(null);
  };
  const pointAt = (event: PointerEvent): Point => {
    const box = frame.current!.getBoundingClientRect();
    return {
      x: (event.clientX - box.left + frame.current!.scrollLeft) / zoom - PAD,
      y: (event.clientY - box.top + frame.current!.scrollTop) / zoom - PAD,
    };
  };
  const begin = (from: string) => (event: PointerEvent) => {
    event.preventDefault();
    event.stopPropagation();
    frame.current?.setPointerCapture(event.pointerId);
    setLinking({ from, at: pointAt(event) });
  };
  const move = (event: PointerEvent) => {
    if (linking !== null && linking.at !== null) return setLinking({ from: linking.from, at: pointAt(event) });
    const from = pan.current;
    if (from === null || frame.current === null) return;
    frame.current.scrollLeft = from.left - (event.clientX - from.x);
    frame.current.scrollTop = from.top - (event.clientY - from.y);
  };
  const release = (event: PointerEvent) => {
    pan.current = null;
    if (linking === null || linking.at === null) return;
    const to = document
      .elementsFromPoint(event.clientX, event.clientY)
      .find((each) => each instanceof HTMLElement && each.dataset['job'] !== undefined);
    if (to instanceof HTMLElement) end(to.dataset['job']!);
    else setLinking(null);
  };
  const grab = (event: PointerEvent) => {
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
  const from = linking === null ? undefined : layout.boxes.get(linking.from);
  const [width, height] = [layout.width + 2 * PAD, layout.height + 2 * PAD];
  return (
    <div className="graph">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is none of it. */}
      <div
        ref={frame}
        className={linking === null ? 'graph-frame' : 'graph-frame is-linking'}
        role="group"
        aria-label={label}
        data-testid="job-graph"
        onScroll={measure}
        onPointerDown={grab}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={() => setLinking(null)}
      >
        <div style={{ width: width * zoom, height: height * zoom }}>
          <div className="graph-whole" style={{ width, height, transform: `scale(${zoom})` }}>
            <svg className="graph-edges" width={width} height={height} aria-hidden="true">
              <Arrows />
              <g transform={`translate(${PAD} ${PAD})`}>
                {edges.map((each) => (
                  <EdgeLine
                    key={`${each.from} ${each.to}`}
                    edge={each}
                    isDown={sizes.isDown}
                    isChosen={edge?.from === each.from && edge.to === each.to}
                    onChoose={edits === undefined ? null : () => setEdge({ from: each.from, to: each.to })}
                  />
                ))}
                {from !== undefined && linking?.at != null && (
                  <path
                    className="graph-edge-line is-new"
                    d={pathOf([{ x: from.x + sizes.boxWidth, y: from.y + sizes.boxHeight / 2 }, linking.at], false)}
                  />
                )}
              </g>
            </svg>
            {boxes.map((box) => (
              <GraphBox
                key={box.id}
                box={box}
                sizes={sizes}
                look={look(box.id)}
                isChosen={chosen === box.id}
                isFrom={linking?.from === box.id}
                isStop={box.id === stop}
                onFocus={() => setCursor(box.id)}
                onClick={() => (linking !== null ? end(box.id) : onChoose(box.id))}
                onOpen={() => onOpen(box.id)}
                onKeyDown={press(box.id)}
                onLink={edits === undefined ? null : begin(box.id)}
              />
            ))}
          </div>
        </div>
      </div>
      <div className="graph-tools">
        <p className="graph-says" role="status">
          {linking !== null && linking.at === null ? t('graph.linking', { from: linking.from }) : ''}
        </p>
        {edge !== null && (
          <button type="button" className="tool-button" onClick={drop} data-testid="graph-disconnect">
            {t('graph.disconnect', { from: edge.from, to: edge.to })}
          </button>
        )}
        <GraphZoom zoom={zoom} onZoom={setZoom} onFit={fit} />
      </div>
    </div>
  );
}
