import { explain } from '@yosugara/kernel';
import type { ProbeAnswer } from './probe-port.js';

/** What a probe gets beyond its deadline to clear up. */
const PROBE_GRACE_MS = 2_000;

/** A probe that neither answers nor gives up in time is a failure of ours, and says so. Never rejects. */
export async function lookWithin(
  deadlineMs: number,
  ended: AbortSignal,
  run: (signal: AbortSignal) => Promise<readonly ProbeAnswer[]>,
): Promise<readonly ProbeAnswer[]> {
  const own = new AbortController();
  const failure = (why: string): readonly ProbeAnswer[] => [{ item: '', value: { kind: 'failure', why } }];
  let timer: NodeJS.Timeout | undefined;
  const end = () => own.abort();
  ended.addEventListener('abort', end);
  try {
    const late = new Promise<readonly ProbeAnswer[]>((resolve) => {
      const giveUp = () => {
        resolve(failure(`The look was not over ${PROBE_GRACE_MS} ms after its deadline of ${deadlineMs} ms.`));
        own.abort();
      };
      timer = setTimeout(giveUp, deadlineMs + PROBE_GRACE_MS);
    });
    if (ended.aborted) own.abort();
    return await Promise.race([run(own.signal), late]);
  } catch (error) {
    return failure(`The look failed: ${explain(error)}.`);
  } finally {
    clearTimeout(timer);
    ended.removeEventListener('abort', end);
  }
}
