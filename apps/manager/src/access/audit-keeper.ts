import { readFile } from 'node:fs/promises';
import { type SyslogTarget, sendSyslogLine } from '@yosugara/connectors';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { AccessConfig, AuditSyslogConfig } from '@yosugara/protocol';
import type { AuditPosition } from '@yosugara/store';
import type { Authority } from '../control/authority.js';
import type { ManagerStore } from '../store/ports.js';
import { auditLine } from './audit-line.js';

export interface AuditKeeperOptions {
  readonly store: Pick<ManagerStore, 'auditLog'>;
  readonly access: Pick<AccessConfig, 'auditSyslog'>;
  readonly cluster: string;
  readonly authority: Pick<Authority, 'now' | 'demand'>;
  readonly isReady: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const LOOK_MS = 1_000;
const AT_ONCE = 200;
const SEND_MS = 5_000;
/** A place that does not answer is asked again after this, and after twice as long, up to … */
const AGAIN_MS = 1_000;
const AGAIN_MOST_MS = 60_000;

interface Place {
  readonly config: AuditSyslogConfig;
  position: AuditPosition | null;
  againMs: number;
  dueMs: number;
}

/**
 * Sends the audit log on, each line at least once and in the order of transactions, from where the database says that it had come: whichever
 * node is Master goes on there. Only under the lease.
 */
export class AuditKeeper {
  readonly #o: AuditKeeperOptions;
  readonly #places: readonly Place[];
  readonly #cut = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #epoch = 0;
  #busy: Promise<void> | null = null;

  constructor(options: AuditKeeperOptions) {
    this.#o = options;
    this.#places = options.access.auditSyslog.map((config) => ({ config, position: null, againMs: AGAIN_MS, dueMs: 0 }));
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#busy ??= this.#look().finally(() => {
        this.#busy = null;
      });
    }, LOOK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#cut.abort();
    await this.#busy;
  }

  async #look(): Promise<void> {
    const { authority, isReady, clock } = this.#o;
    const { mode, epoch } = authority.now();
    if (mode !== 'active' || !isReady()) return;
    if (epoch !== this.#epoch) for (const place of this.#places) place.position = null;
    this.#epoch = epoch;
    const nowMs = clock.monotonicMs();
    await Promise.all(this.#places.filter(({ dueMs }) => dueMs <= nowMs).map(async (place) => await this.#send(place, epoch)));
  }

  async #send(place: Place, epoch: number): Promise<void> {
    const { auditLog } = this.#o.store;
    const { name } = place.config;
    try {
      place.position ??= await this.#begin(name, epoch);
      for (let isMore = true; isMore && !this.#cut.signal.aborted; ) {
        const lines = await auditLog.since(place.position, AT_ONCE);
        isMore = lines.length === AT_ONCE;
        const sent = await this.#sendAll(place, lines);
        // Written down after it was sent: what was sent in between comes again.
        if (sent.at !== null) {
          await auditLog.setPosition(name, sent.at, epoch, this.#guard(epoch));
          place.position = sent.at;
        }
        if (sent.why !== null) return this.#later(place, sent.why);
      }
      place.againMs = AGAIN_MS;
    } catch (error) {
      place.position = null;
      this.#later(place, explain(error));
    }
  }

  /** A new place gets what comes from now on. */
  async #begin(name: string, epoch: number): Promise<AuditPosition> {
    const { auditLog } = this.#o.store;
    const known = await auditLog.position(name);
    if (known !== null) return known;
    const end = await auditLog.end();
    await auditLog.setPosition(name, end, epoch, this.#guard(epoch));
    return end;
  }

  async #sendAll(
    { config }: Place,
    lines: Awaited<ReturnType<ManagerStore['auditLog']['since']>>,
  ): Promise<{ readonly at: AuditPosition | null; readonly why: string | null }> {
    let at: AuditPosition | null = null;
    const target = await targetOf(config);
    for (const line of lines) {
      const text = auditLine(line, config.facility, this.#o.cluster);
      const sent = await sendSyslogLine(target, text, { deadlineMs: SEND_MS, signal: this.#cut.signal });
      if (sent.kind !== 'accepted') return { at, why: sent.why };
      at = { xact: line.xact, id: line.id };
    }
    return { at, why: null };
  }

  #later(place: Place, why: string): void {
    this.#o.log.warn('audit.notSent', { to: place.config.name, why, againMs: place.againMs });
    place.dueMs = this.#o.clock.monotonicMs() + place.againMs;
    place.againMs = Math.min(place.againMs * 2, AGAIN_MOST_MS);
  }

  readonly #guard = (epoch: number) => () => void this.#o.authority.demand('active', epoch);
}

async function targetOf({ host, port, transport, caFile, serverName }: AuditSyslogConfig): Promise<SyslogTarget> {
  const ca = caFile === undefined ? null : await readFile(caFile, 'utf8');
  return { host, port, transport, tls: { ca, serverName: serverName ?? null } };
}
