/**
 * What is promised of time is promised of a host of one's own: on one that others share, one of a few tries shows that it is kept.
 *
 * @param tryOnce how long it took, in ms.
 * @throws Error not once in time; with what each try took.
 */
export async function soonest(withinMs: number, tryOnce: () => Promise<number>, tries = 5): Promise<void> {
  const took: number[] = [];
  while (took.length < tries) {
    took.push(Math.round(await tryOnce()));
    if (took.at(-1)! < withinMs) return;
  }
  throw new Error(`not once within ${withinMs} ms: it took ${took.join(', ')} ms`);
}
