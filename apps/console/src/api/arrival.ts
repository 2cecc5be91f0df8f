import { backoffMs } from './reconnect.js';

/** A request that hangs on a host without power ends when TCP says so, which is after minutes. */
const LATE_MS = 10_000;
/** Once it was loaded anew and the file still does not come, that is not done again and again. */
const RELOADED_LATELY_MS = 30_000;

export interface ArrivalPorts {
  /** Whether a document that is loaded anew now would come. */
  readonly isServed: () => Promise<boolean>;
  readonly reload: () => void;
  readonly lastReloadAtMs: () => number | null;
  readonly nowMs: () => number;
  /** Ends sooner, with true, when somebody presses the button. */
  readonly pause: (ms: number) => Promise<boolean>;
  readonly after: (ms: number) => Promise<null>;
}

/**
 * A part of the program that is fetched when it is wanted. What could not be fetched in the middle of a take-over is asked for again until it is
 * there; a browser that keeps in mind that a file did not come (Chromium does, for as long as the document lives) gets a new document, as soon as
 * somebody serves one. What was typed is kept over that, as over every reload (`drafts.ts`).
 */
export async function arrived<Module>(load: () => Promise<Module>, ports: ArrivalPorts): Promise<Module> {
  let isAsked = false;
  for (let tries = 0; ; tries += 1) {
    const module = await Promise.race([load().catch(() => null), ports.after(LATE_MS)]);
    if (module !== null) return module;
    const last = ports.lastReloadAtMs();
    const isLately = last !== null && ports.nowMs() - last < RELOADED_LATELY_MS;
    if ((isAsked || !isLately) && (await ports.isServed())) ports.reload();
    isAsked = await ports.pause(backoffMs(tries));
  }
}
