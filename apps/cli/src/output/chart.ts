/** Of one step; null: nothing could be measured. */
export interface ChartPoint {
  readonly at: string;
  readonly value: number | null;
}

const BARS = ' ▁▂▃▄▅▆▇█';
const LEVELS = BARS.length - 1;

/** As many as there is room for: the mean of those that fall together. */
export function squeeze(points: readonly ChartPoint[], columns: number): readonly ChartPoint[] {
  if (points.length <= columns) return points;
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * points.length) / columns);
    const part = points.slice(from, Math.max(from + 1, Math.floor(((column + 1) * points.length) / columns)));
    const values = part.flatMap(({ value }) => (value === null ? [] : [value]));
    const mean = values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
    return { at: part[0]!.at, value: mean };
  });
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

/** Rows of blocks with the scale at the left and the times below; a gap is where nothing could be measured. */
export function chart(
  points: readonly ChartPoint[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length === 0) return 'no value was kept';
  const [least, most] = [Math.min(0, ...values), Math.max(...values)];
  const span = most - least || 1;
  const [top, bottom] = [short(most), short(least)];
  const scale = Math.max(top.length, bottom.length);
  const shown = squeeze(points, Math.max(10, columns - scale - 2));
  const lines = Array.from({ length: rows }, (_, row) => {
    const floor = (rows - 1 - row) * LEVELS;
    const cells = shown.map(({ value }) => {
      if (value === null) return ' ';
      const height = Math.max(1, Math.round(((value - least) / span) * rows * LEVELS));
      return BARS[Math.min(LEVELS, Math.max(0, height - floor))];
    });
    const label = row === 0 ? top : row === rows - 1 ? bottom : '';
    return `${label.padStart(scale)} ┤${cells.join('')}`.trimEnd();
  });
  const [first, last] = [shown[0]!.at.slice(0, 16), shown.at(-1)!.at.slice(0, 16)];
  const axis =
    first === last || shown.length < first.length * 2 + 1
      ? `${first} – ${last}`
      : first + last.padStart(shown.length - first.length);
  return [...lines, `${' '.repeat(scale + 2)}${axis}`].join('\n');
}
