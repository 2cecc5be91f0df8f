/** Looks every 10 ms. @throws when it does not hold within the deadline. */
export async function until(holds: () => boolean | Promise<boolean>, deadlineMs = 60_000): Promise<void> {
  for (const endMs = performance.now() + deadlineMs; !(await holds()); await pause(10))
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${holds}`);
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
