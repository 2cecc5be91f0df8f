import type { MessageHistogram } from '@yosugara/protocol';
import { chart } from '../output/chart.js';

const ROWS = 8;
const countOf = ({ error, warning, info, debug, trap }: MessageHistogram['bins'][number]) =>
  error + warning + info + debug + trap;

/** Bins without a message are in the picture, too. */
export function renderHistogram({ from, to, binMs, countedFrom, bins }: MessageHistogram, columns: number): string {
  const counts = new Map(bins.map((bin) => [Date.parse(bin.at), countOf(bin)]));
  const points = [];
  const firstMs = bins.length === 0 ? Date.parse(from) : Date.parse(bins[0]!.at) - stepsTo(from, bins[0]!.at, binMs) * binMs;
  for (let atMs = firstMs; atMs < Date.parse(to); atMs += binMs)
    points.push({ at: new Date(atMs).toISOString(), value: counts.get(atMs) ?? 0 });
  const all = bins.reduce((sum, bin) => sum + countOf(bin), 0);
  const since = countedFrom === null ? '' : `; what came before ${countedFrom} is not counted`;
  return `${all} messages, in steps of ${binMs / 1_000} s${since}\n${chart(points, { columns, rows: ROWS })}`;
}

const stepsTo = (from: string, at: string, binMs: number) => Math.max(0, Math.floor((Date.parse(at) - Date.parse(from)) / binMs));
