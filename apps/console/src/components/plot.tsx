import { useEffect, useRef, useState } from 'react';
import { clockTime, localTime, zoneOffsetMs } from '../i18n/format.js';
import { type Frame, momentsOf, short, xOf, yOf } from './line-model.js';

export const PAD = { left: 52, right: 10, top: 8, bottom: 20 } as const;
const DAY_MS = 86_400_000;

/** As wide and as high as the box is. */
export function useBoxSize() {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 600, height: 170 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const { width = 600, height = 170 } = entry?.contentRect ?? {};
      setSize({ width: Math.max(200, Math.floor(width)), height: Math.floor(height) });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { box, ...size };
}

/** Lines of the values and times below, in the zone that people read. */
export function PlotAxes({ frame }: { readonly frame: Frame }) {
  const { fromMs, toMs, scale } = frame;
  const isLong = toMs - fromMs > 2 * DAY_MS;
  return (
    <>
      {scale.ticks.map((tick) => (
        <g key={tick}>
          <line x1={0} x2={frame.width} y1={yOf(tick, frame)} y2={yOf(tick, frame)} className="rate-grid" />
          <text x={-8} y={yOf(tick, frame) + 4} className="axis axis-y">
            {short(tick)}
          </text>
        </g>
      ))}
      {momentsOf(fromMs, toMs, -zoneOffsetMs(fromMs) / 60_000, Math.max(2, Math.floor(frame.width / 70))).map((moment) => (
        <g key={moment}>
          <line x1={xOf(moment, frame)} x2={xOf(moment, frame)} y1={frame.height} y2={frame.height + 4} className="axis-tick" />
          <text x={xOf(moment, frame)} y={frame.height + 16} className="axis axis-x">
            {isLong ? localTime(new Date(moment).toISOString()).slice(5, 10) : clockTime(new Date(moment)).slice(0, 5)}
          </text>
        </g>
      ))}
    </>
  );
}
