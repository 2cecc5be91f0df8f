import type { Status } from '@yosugara/protocol';
import { useLayoutEffect, useRef, useState } from 'react';
import { useText } from '../i18n/language.js';
import { known } from '../i18n/translate.js';
import { type LinkView, linkBetween, placeOf } from './cluster-model.js';
import { ArbiterCard, NodeCard } from './node-card.js';

interface Point {
  readonly x: number;
  readonly y: number;
}
interface Line {
  readonly from: string;
  readonly to: string;
  readonly start: Point;
  readonly end: Point;
}
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Between the facing edges of the two nodes; from the nodes' lower edges to the arbiter's sides. */
function lineBetween(from: string, to: string, one: Box, two: Box, toArbiter: boolean): Line {
  if (!toArbiter) {
    const y = Math.min((one.top + one.bottom) / 2, (two.top + two.bottom) / 2);
    return { from, to, start: { x: one.right, y }, end: { x: two.left, y } };
  }
  const isLeft = (one.left + one.right) / 2 < (two.left + two.right) / 2;
  const start = { x: one.left + (one.right - one.left) * (isLeft ? 0.38 : 0.62), y: one.bottom };
  return { from, to, start, end: { x: isLeft ? two.left : two.right, y: (two.top + two.bottom) / 2 } };
}

function LinkLine({ line, state, via }: { readonly line: Line; readonly state: LinkView; readonly via: string | null }) {
  const { t } = useText();
  const middle = { x: (line.start.x + line.end.x) / 2, y: (line.start.y + line.end.y) / 2 };
  const key = known('link', state);
  const word = state === 'relayed' && via !== null ? t('link.relayedVia', { via }) : key === null ? state : t(key);
  // Full-width letters take about twice the room.
  const width = 18 + [...word].reduce((sum, char) => sum + (char.charCodeAt(0) > 0x2e7f ? 12 : 7.4), 0);
  return (
    <g className={`link link-${state}`} data-testid={`link-${line.from}-${line.to}`} data-state={state}>
      <title>{t('link.label', { from: line.from, to: line.to, state: word })}</title>
      <line x1={line.start.x} y1={line.start.y} x2={line.end.x} y2={line.end.y} />
      <circle cx={line.start.x} cy={line.start.y} r="4" />
      <circle cx={line.end.x} cy={line.end.y} r="4" />
      <rect x={middle.x - width / 2} y={middle.y - 11} width={width} height="22" rx="11" />
      <text x={middle.x} y={middle.y + 4} textAnchor="middle">
        {word}
      </text>
    </g>
  );
}

/** Where the members' cards lie inside the drawing, measured anew whenever one of them changes its size. */
function useLines(status: Status) {
  const frame = useRef<HTMLDivElement>(null);
  const [lines, setLines] = useState<readonly Line[]>([]);
  const first = status.nodes.find(({ name }) => placeOf(status.nodes, name) === 'left');
  const second = status.nodes.find(({ name }) => placeOf(status.nodes, name) === 'right');
  const names = [first?.name, second?.name, status.arbiter?.name].join('|');
  // biome-ignore lint/correctness/useExhaustiveDependencies: `names` stands for the members; their values do not move the cards.
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const measure = () => {
      const origin = element.getBoundingClientRect();
      const boxOf = (name: string | undefined): Box | null => {
        const found =
          name === undefined ? null : element.querySelector<HTMLElement>(`[data-member="${CSS.escape(name)}"] > .card`);
        if (found === null) return null;
        const box = found.getBoundingClientRect();
        return {
          left: box.left - origin.left,
          right: box.right - origin.left,
          top: box.top - origin.top,
          bottom: box.bottom - origin.top,
        };
      };
      const [one, two, arbiter] = [boxOf(first?.name), boxOf(second?.name), boxOf(status.arbiter?.name)];
      const found: Line[] = [];
      if (one && two && first && second) found.push(lineBetween(first.name, second.name, one, two, false));
      if (one && arbiter && first && status.arbiter) found.push(lineBetween(first.name, status.arbiter.name, one, arbiter, true));
      if (two && arbiter && second && status.arbiter)
        found.push(lineBetween(second.name, status.arbiter.name, two, arbiter, true));
      setLines(found);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    for (const card of element.querySelectorAll('.card')) observer.observe(card);
    measure();
    return () => observer.disconnect();
  }, [names]);
  return { frame, lines };
}

/** The two nodes and the arbiter, and what lies between them. */
export function Topology({ status, stale }: { readonly status: Status; readonly stale: boolean }) {
  const { t } = useText();
  const { frame, lines } = useLines(status);
  return (
    <div ref={frame} className={stale ? 'topology stale' : 'topology'} data-testid="topology">
      <svg className="links" role="img" aria-label={t('cluster.topology')}>
        {lines.map((line) => (
          <LinkLine key={`${line.from}-${line.to}`} line={line} {...linkBetween(status, line.from, line.to)} />
        ))}
      </svg>
      {status.nodes.map((node) => (
        <div key={node.name} data-member={node.name} className={`at-${placeOf(status.nodes, node.name)}`}>
          <NodeCard node={node} status={status} />
        </div>
      ))}
      {status.arbiter !== null && (
        <div data-member={status.arbiter.name} className="at-bottom">
          <ArbiterCard arbiter={status.arbiter} />
        </div>
      )}
    </div>
  );
}
