/** Microseconds since 1970 as text: RFC 3339, UTC. `us` is a safe integer, so the year has four digits (2255 at the most). */
export function rfc3339(us: number): string {
  const ms = Math.floor(us / 1_000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(us - ms * 1_000).padStart(3, '0')}Z`;
}
