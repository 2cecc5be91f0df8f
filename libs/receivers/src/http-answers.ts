import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AwakeTimer } from '@yosugara/kernel';
import type { TakesAgain } from '@yosugara/runtime';

/** RFC 9457, with what an operator needs: where, what was found, what is allowed. */
export interface Problem {
  readonly status: 400 | 401 | 404 | 405 | 413 | 415 | 429 | 503;
  readonly place: string;
  readonly found: string;
  readonly allowed: string;
  readonly retryAfterS?: number;
}

export type Answer = Problem | { readonly status: 200; readonly body: unknown };

const TITLES: Readonly<Record<Problem['status'], string>> = {
  400: 'This is no custom trap',
  401: 'A token is needed',
  404: 'There is nothing here',
  405: 'This is not how custom traps are sent',
  413: 'This is too much at once',
  415: 'This kind of content is not taken',
  429: 'This sender is above its rate',
  503: 'This cannot be kept safe just now',
};

/** A sender that has heard its answer has stopped by then. */
const LINGER_MS = 2_000;

export function answerWith(response: ServerResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent) return;
  if (answer.status === 200) return send(response, 200, 'application/json', answer.body);
  const { status, place, found, allowed, retryAfterS } = answer;
  if (retryAfterS !== undefined) response.setHeader('Retry-After', retryAfterS);
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="custom traps"');
  if (status === 405) response.setHeader('Allow', 'POST');
  if (!response.req.complete) response.setHeader('Connection', 'close');
  const detail = `${place}: found ${found}, allowed is ${allowed}`;
  send(response, status, 'application/problem+json', {
    type: 'about:blank',
    title: TITLES[status],
    status,
    detail,
    place,
    found,
    allowed,
  });
}

function send(response: ServerResponse, status: number, type: string, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  if (response.req.complete) response.end(text);
  else response.write(text, () => endLater(response));
}

/**
 * What is left of a body that nobody wants is thrown away for a moment. Closed at once, with bytes unread, the connection would be reset
 * (RFC 1122, 4.2.2.13), and the reset may reach the sender before it has read the answer (RFC 9112, 9.6).
 */
function endLater(response: ServerResponse): void {
  const { req } = response;
  const timer = setTimeout(() => response.end(), LINGER_MS).unref();
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  req.once('end', end);
  req.once('close', end);
  req.resume();
}

/** @returns null: it is longer. @throws when the connection breaks or the time is over. */
export async function readBody(request: IncomingMessage, maxBytes: number, deadlineMs: number): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return null;
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let held = 0;
    const timer = new AwakeTimer(deadlineMs, () => void request.destroy(new Error('the body did not come in time')));
    const end = (settle: () => void) => {
      timer.stop();
      request.removeAllListeners('data');
      settle();
    };
    request.on('data', (chunk: Buffer) => {
      held += chunk.length;
      if (held > maxBytes) {
        request.pause();
        end(() => resolve(null));
      } else chunks.push(chunk);
    });
    request.once('end', () => end(() => resolve(Buffer.concat(chunks))));
    request.once('error', (error) => end(() => reject(error)));
    request.once('close', () => end(() => reject(new Error('the connection ended within the body'))));
  });
}

/** Until what the journal refused is worth to be offered again, it is time, or nobody waits any more. */
export async function takesAgain(room: TakesAgain, socket: Socket, untilMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      socket.off('close', end);
      forget();
      resolve();
    };
    // A timer may fire a fraction of a millisecond early.
    const timer = setTimeout(end, Math.max(1, untilMs - performance.now() + 1));
    socket.once('close', end);
    const forget = room.whenTaking(end);
  });
}
