import { AsyncLocalStorage } from 'node:async_hooks';
import type { AskedCommand } from '../http/commands.js';

/** Who is behind what is being done, for the audit log: filled in as it becomes known. */
export interface Asking {
  readonly address: string;
  came: 'session' | 'token' | 'host' | 'nobody';
  /** With a key under which it is done once. */
  command?: AskedCommand;
}

const asking = new AsyncLocalStorage<Asking>();

/** Everything that `work` brings about is the request's. */
export const whileAsked = (who: Asking, work: () => void): void => asking.run(who, work);
/** undefined: nobody asked, the program does it by itself. */
export const whoAsks = (): Asking | undefined => asking.getStore();
