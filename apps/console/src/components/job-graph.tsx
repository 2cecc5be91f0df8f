import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useText } from '../i18n/language.js';
import { type BoxLook, GraphBox } from './job-graph-box.js';
import { Arrows, EdgeLine } from './job-graph-edges.js';
import { type Layout, nextBox, pathOf, type Sizes } from './job-graph-model.js';
import { GraphZoom } from './job-graph-zoom.js';
import { type GraphEdits, useGraphHand, useGraphLinks } from './use-graph-links.js';
import { useGraphScale } from './use-graph-scale.js';
import { isEdgeSeen, isSeen, PAD } from './use-graph-view.js';

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
  const { zoom, setZoom, frame, view, measure, fit, show, pointAt } = useGraphScale(layout, sizes);
  const links = useGraphLinks(edits);
  const { linking, edge, setEdge, drop } = links;
  const hand = useGraphHand({ frame, links, pointAt });
  const [cursor, setCursor] = useState<string | null>(null);
  const wantsFocus = useRef(false);
  const stop = cursor !== null && layout.boxes.has(cursor) ? cursor : (chosen ?? [...layout.boxes.keys()][0] ?? null);
  const boxes = useMemo(
    () => [...layout.boxes.values()].filter((box) => isSeen(view, box, sizes.boxWidth, sizes.boxHeight) || box.id === stop),
    [layout, view, sizes, stop],
  );
  const edges = useMemo(() => layout.edges.filter(({ points }) => isEdgeSeen(view, points)), [layout, view]);

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
  const press = (id: string) => (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    const acts: Record<string, (() => void) | undefined> = {
      Enter: () => (linking !== null ? links.end(id) : chosen === id ? onOpen(id) : onChoose(id)),
      Escape: () => (linking !== null ? links.begin(null) : onChoose(null)),
      ...(edits === undefined
        ? {}
        : { c: () => links.begin({ from: id, at: null }), Delete: () => (edge === null ? edits.remove(id) : drop()) }),
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
        {...hand.handlers}
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
                onClick={() => (linking !== null ? links.end(box.id) : onChoose(box.id))}
                onOpen={() => onOpen(box.id)}
                onKeyDown={press(box.id)}
                onLink={edits === undefined ? null : hand.link(box.id)}
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
