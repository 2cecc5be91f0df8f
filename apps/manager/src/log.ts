import type { LoggerService } from '@nestjs/common';
import { explain, type Log } from '@yosugara/kernel';
import { pino } from 'pino';

/** JSON lines on standard output; whoever started us keeps them. */
export function pinoLog(node: string): Log {
  const logger = pino({ base: { process: 'manager', node, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime });
  return {
    debug: (event, fields) => logger.debug(fields ?? {}, event),
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, fields) => logger.error(fields ?? {}, event),
  };
}

/** What Nest itself has to say. Its start-up chatter (a line for each route) is dropped. */
export function nestLogger(log: Log): LoggerService {
  const text = (message: unknown) => (message instanceof Error ? explain(message) : String(message));
  return {
    log: () => undefined,
    debug: () => undefined,
    verbose: () => undefined,
    warn: (message: unknown) => log.warn('nest', { text: text(message) }),
    error: (message: unknown) => log.error('nest', { text: text(message) }),
    fatal: (message: unknown) => log.error('nest', { text: text(message) }),
  };
}
