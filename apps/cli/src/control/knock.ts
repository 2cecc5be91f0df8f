import { connect, type NetConnectOpts } from 'node:net';
import { AwakeTimer } from '@yosugara/kernel';

/** Does anybody listen there? @returns `silent`: no answer within the time that we were awake; an error: nobody does. */
export function knock(where: NetConnectOpts, withinMs: number): Promise<'open' | 'silent' | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const socket = connect(where);
    const timer = new AwakeTimer(withinMs, () => end('silent'));
    const end = (found: 'open' | 'silent' | NodeJS.ErrnoException) => {
      timer.stop();
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end('open'));
    socket.once('error', end);
  });
}
