import { request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { ATTEMPT_DEADLINE_MS } from './plan.js';
import type { Attempt, Attempter } from './writer.js';

export interface ApiTarget {
  /** The next is tried after a failure. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly token: string;
  /** Whose certificate it is, is not looked at. */
  readonly tls?: boolean;
  /** Default: `ATTEMPT_DEADLINE_MS`. */
  readonly deadlineMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One request on a connection of its own. @throws whatever went wrong; nothing lives on after the deadline. */
export function ask(
  url: string,
  options: { method: string; headers?: Record<string, string>; body?: string; deadlineMs: number },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const call = (url.startsWith('https:') ? tlsRequest : request)(
      url,
      { method: options.method, headers: { ...options.headers, connection: 'close' }, agent: false, rejectUnauthorized: false },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (text: string) => {
          if (body.length < 65_536) body += text;
        });
        answer.on('end', () => {
          clearTimeout(timer);
          resolve({ status: answer.statusCode ?? 0, body });
        });
        answer.on('error', fail);
      },
    );
    const fail = (error: Error) => {
      clearTimeout(timer);
      call.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${options.deadlineMs} ms`)), options.deadlineMs);
    call.on('error', fail);
    call.end(options.body);
  });
}

/** `holder` is `#epoch`; whose epoch it was, the cluster's history tells (`nameHolders`). W2: `POST /api/writes/probe`; 201 is an acknowledgement, everything else is not. */
export function apiAttempter(target: ApiTarget): Attempter {
  let at = 0;
  const headers = { authorization: `Bearer ${target.token}`, 'content-type': 'application/json', 'x-yosugara': '1' };
  return async (key): Promise<Attempt> => {
    const url = `${target.tls === true ? 'https' : 'http'}://${target.hosts[at % target.hosts.length]}:${target.port}/api/writes/probe`;
    const failed = (why: string): Attempt => {
      at += 1;
      return { kind: 'unknown', why };
    };
    try {
      const answer = await ask(url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ key: String(key) }),
        deadlineMs: target.deadlineMs ?? ATTEMPT_DEADLINE_MS,
      });
      if (answer.status !== 201) return failed(`${answer.status} ${answer.body.slice(0, 200)}`);
      const { epoch } = JSON.parse(answer.body) as { epoch?: unknown };
      return { kind: 'acknowledged', holder: `#${epoch}` };
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  };
}
