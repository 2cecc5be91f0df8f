import { explain } from '@yosugara/kernel';
import type { DriverPorts } from './driver-ports.js';

/** For killing everything in a dead man's place. */
const END_ALONE_MS = 2_000;

/** Without a dead man nothing may run here, and nobody else would stop it once this process is gone. */
export async function endAlone({ host, log, onFatal }: DriverPorts, stopping: Promise<void>, why: string): Promise<void> {
  const quietly = (what: string) => (cause: unknown) => log.error(what, { why: explain(cause) });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, END_ALONE_MS)));
  const killed = host?.deadMan.killEverything(END_ALONE_MS).then((proved) => log.info('controller.killed', { proved }));
  const released = host?.vip.release().catch(quietly('vip.release'));
  await Promise.race([late, Promise.all([killed, released, stopping.catch(quietly('mailbox.stop'))])]);
  clearTimeout(timer);
  onFatal(`the dead man ended: ${why}`);
}
