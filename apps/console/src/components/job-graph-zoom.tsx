import { useText } from '../i18n/language.js';

export const LEAST_ZOOM = 0.25;
const [MOST_ZOOM, STEP] = [1.6, 1.2];

export const smaller = (zoom: number): number => Math.max(LEAST_ZOOM, zoom / STEP);
export const larger = (zoom: number): number => Math.min(MOST_ZOOM, zoom * STEP);

interface ZoomProps {
  readonly zoom: number;
  readonly onZoom: (next: (now: number) => number) => void;
  readonly onFit: () => void;
}

/** How large the picture is drawn. */
export function GraphZoom({ zoom, onZoom, onFit }: ZoomProps) {
  const { t } = useText();
  return (
    <>
      <button type="button" className="tool-button" onClick={() => onZoom(smaller)} aria-label={t('graph.smaller')}>
        −
      </button>
      <button type="button" className="tool-button" onClick={() => onZoom(() => 1)} title={t('graph.whole')}>
        {Math.round(zoom * 100)} %
      </button>
      <button type="button" className="tool-button" onClick={() => onZoom(larger)} aria-label={t('graph.larger')}>
        +
      </button>
      <button type="button" className="tool-button" onClick={onFit}>
        {t('graph.fit')}
      </button>
    </>
  );
}
