const DAY_S = 86_400;
const round = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

/** How much, in its unit: bytes, seconds, shares of 1, or a number of something. */
export function amount(value: number, unit: string): string {
  if (unit === 'ratio') return `${round(value * 100, 1)} %`;
  if (unit === 'seconds') return value < 2 * DAY_S ? `${round(value, 2)} s` : `${round(value / DAY_S, 1)} days`;
  if (unit !== 'bytes') return round(value, 2);
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const at = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, Math.abs(value))) / 10));
  return `${round(value / 1_024 ** at, 1)} ${units[at]}`;
}
