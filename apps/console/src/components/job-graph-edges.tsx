import { useText } from '../i18n/language.js';
import { type Edge, pathOf } from './job-graph-model.js';

/** Full-width letters take about twice the room. */
const widthOf = (word: string) => [...word].reduce((sum, char) => sum + (char.charCodeAt(0) > 0x2e7f ? 11 : 6.3), 0);

/** An arrow with what it says. */
export function EdgeLine({
  edge,
  isDown,
  isChosen,
  onChoose,
}: {
  readonly edge: Edge;
  readonly isDown: boolean;
  readonly isChosen: boolean;
  readonly onChoose: (() => void) | null;
}) {
  const { t } = useText();
  const { points, branch, says, isNormalOnly } = edge;
  const path = pathOf(points, isDown);
  const words = [branch === null ? '' : t('graph.branch', { number: branch }), isNormalOnly ? '' : says].filter(Boolean);
  const at = points.length === 2 ? { x: (points[0]!.x + points[1]!.x) / 2, y: (points[0]!.y + points[1]!.y) / 2 } : points[1]!;
  const wide = 10 + Math.max(0, ...words.map(widthOf));
  const high = words.length * 15 + 3;
  const className = [
    'graph-edge',
    branch === null ? '' : 'is-branch',
    isNormalOnly ? '' : 'is-other',
    isChosen ? 'is-chosen' : '',
  ];
  return (
    <g className={className.filter(Boolean).join(' ')} data-testid="graph-edge" data-from={edge.from} data-to={edge.to}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: for the pointer alone; the keyboard has the form of the job. */}
      {onChoose !== null && <path className="graph-edge-hit" d={path} onClick={onChoose} />}
      <path className="graph-edge-line" d={path} markerEnd={isChosen ? 'url(#graph-arrow-chosen)' : 'url(#graph-arrow)'} />
      {words.length > 0 && (
        <rect className="graph-edge-plate" x={at.x - wide / 2} y={at.y - high / 2} width={wide} height={high} rx="4" />
      )}
      {words.map((word, line) => (
        <text key={word} x={at.x} y={at.y - high / 2 + 13 + line * 15} textAnchor="middle">
          {word}
        </text>
      ))}
    </g>
  );
}

/** Heads of arrows. */
export const Arrows = () => (
  <defs>
    {['graph-arrow', 'graph-arrow-chosen'].map((id) => (
      <marker
        key={id}
        id={id}
        className={id}
        viewBox="0 0 10 10"
        refX="9.5"
        refY="5"
        markerWidth="7"
        markerHeight="7"
        orient="auto-start-reverse"
      >
        <path d="M 0 0.5 L 10 5 L 0 9.5 z" />
      </marker>
    ))}
  </defs>
);
