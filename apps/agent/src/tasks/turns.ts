import type { RunningTask } from './host.js';

/** One turn after the other until it is stopped, the first at once. What a turn fails with is told, and the next one comes all the same. */
export function turns(
  everyMs: number,
  turn: (isStopped: () => boolean) => Promise<void>,
  onFailure: (error: unknown) => void,
): RunningTask {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  const again = (afterMs: number): void => {
    timer = setTimeout(() => {
      running = turn(() => isStopped)
        .catch(onFailure)
        .finally(() => {
          if (!isStopped) again(everyMs);
        });
    }, afterMs);
  };
  again(0);
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
