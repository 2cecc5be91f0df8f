import { isIP } from 'node:net';
import { nodeValue, type Values } from '@yosugara/operations';
import type { NodeBody } from '@yosugara/protocol';
import type { Probe, ProbeAnswer, ProbeRequest } from '@yosugara/runtime';
import type { TlsCheck } from '../dial.js';
import { type Look, looked, ProbeFailure } from '../look.js';

export interface Family {
  readonly types: readonly string[];
  readonly concurrency: number;
  look(look: Look, request: ProbeRequest): Promise<readonly ProbeAnswer[]>;
  /** What lasts longer than a look. */
  close?(): void | Promise<void>;
}

/** Monitor types that look in the same way. All that is under way ends when it is closed. */
export class FamilyProbe implements Probe {
  readonly #family: Family;
  readonly #running = new Map<AbortController, Promise<unknown>>();
  #closed = false;

  constructor(family: Family) {
    this.#family = family;
  }

  get types(): readonly string[] {
    return this.#family.types;
  }
  get concurrency(): number {
    return this.#family.concurrency;
  }

  async run(request: ProbeRequest, deadlineMs: number, signal: AbortSignal): Promise<readonly ProbeAnswer[]> {
    const stop = new AbortController();
    const abort = () => stop.abort();
    if (signal.aborted || this.#closed) abort();
    signal.addEventListener('abort', abort);
    const run = looked(deadlineMs, stop.signal, async (look) => await this.#family.look(look, request));
    this.#running.set(stop, run);
    try {
      return await run;
    } finally {
      this.#running.delete(stop);
      signal.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const left = [...this.#running];
    for (const [stop] of left) stop.abort();
    await Promise.allSettled(left.map(([, run]) => run));
    await this.#family.close?.();
  }
}

/** `node` as the settings have it; null = the facility is none. */
export const nodeOf = ({ node }: ProbeRequest): NodeBody | null => node as NodeBody | null;

/** Where it is asked. @throws ProbeFailure — nobody said where it is. */
export function hostOf(request: ProbeRequest): string {
  const node = nodeOf(request);
  const host = node?.addresses[0] ?? node?.hostNames[0];
  if (host === undefined) throw new ProbeFailure(`the node ${request.facility} has no address to look at`);
  return host;
}

/** Properties and variables of the node, for `#[NAME]`. */
export const valuesFor = (request: ProbeRequest): Values => {
  const node = nodeOf(request);
  return (name) => (name === 'FACILITY_ID' ? request.facility : node === null ? undefined : nodeValue(node, name));
};

/** The same where it becomes a part of an address: there, one of IPv6 stands in brackets (RFC 3986 3.2.2). */
export const urlValuesFor = (request: ProbeRequest): Values => {
  const values = valuesFor(request);
  return (name) => {
    const value = values(name);
    return value !== undefined && isIP(value) === 6 ? `[${value}]` : value;
  };
};

/** Authorities that are trusted beside none: PEM, as it is now; undefined = the system's. */
export type CurrentAuthorities = () => string | undefined;

/** The name that the certificate must carry: the node's own where it has one, else the address that is asked. */
export function tlsFor(request: ProbeRequest, verify: boolean, authorities: CurrentAuthorities): TlsCheck {
  return { verify, caPem: authorities(), serverName: nodeOf(request)?.hostNames[0] };
}
