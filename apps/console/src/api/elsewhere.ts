import { drafts } from './drafts.js';

/** What a manager says of itself to everybody. `others`: where the other nodes' consoles are; none where one address goes with the Master. */
export interface Health {
  readonly mode: string;
  readonly ready: boolean;
  readonly others: readonly string[];
}

/** What goes along in the address, behind `#`: no server sees that. */
interface Luggage {
  readonly pass: string | null;
  readonly drafts: Readonly<Record<string, string>>;
}

const MARK = '#yosugara=';
/** The session's pass is good for ten minutes, the other addresses may change with the configuration. */
const LEARN_EVERY_MS = 60_000;
const LOOK_EVERY_MS = 500;
const LOOK_DEADLINE_MS = 1_500;
const ARRIVE_DEADLINE_MS = 4_000;
/** A blink of the connection, or of a restart of the manager, moves nobody. */
export const PATIENCE_MS = 1_000;

export const packed = (luggage: Luggage): string => MARK + encodeURIComponent(JSON.stringify(luggage));

/** null: the address has none. */
export function unpacked(hash: string): Luggage | null {
  if (!hash.startsWith(MARK)) return null;
  try {
    const found = JSON.parse(decodeURIComponent(hash.slice(MARK.length))) as Partial<Luggage> | null;
    const texts = Object.entries(found?.drafts ?? {}).filter(([, text]) => typeof text === 'string');
    return { pass: typeof found?.pass === 'string' ? found.pass : null, drafts: Object.fromEntries(texts) };
  } catch {
    return null;
  }
}

async function asked(path: string, deadlineMs: number, options: RequestInit = {}): Promise<unknown> {
  const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(deadlineMs), ...options });
  return answer.ok ? await answer.json() : null;
}

async function healthAt(origin: string): Promise<Health | null> {
  const body = (await asked(`${origin}/health`, LOOK_DEADLINE_MS, { credentials: 'omit' }).catch(() => null)) as Health | null;
  return typeof body?.mode === 'string' ? { ...body, others: Array.isArray(body.others) ? body.others : [] } : null;
}

export interface ElsewherePorts {
  readonly health: (origin: string) => Promise<Health | null>;
  readonly pass: () => Promise<string | null>;
  /** The page goes there, and this one ends. */
  readonly go: (origin: string, pass: string | null) => void;
  readonly every: (ms: number, run: () => void) => () => void;
  readonly nowMs: () => number;
}

/**
 * Without an address that goes with the Master the page goes itself: to the other node's, once that one serves, with the session and with
 * what was typed. `away`: nobody serves here, or not any more.
 */
export class Elsewhere {
  readonly #ports: ElsewherePorts;
  #others: readonly string[] = [];
  #pass: string | null = null;
  #awaySinceMs: number | null = null;
  #hasGone = false;
  #isLooking = false;

  constructor(ports: ElsewherePorts) {
    this.#ports = ports;
  }

  /** @param isLoggedIn a session comes along. Returns how to end. */
  start(isLoggedIn: boolean): () => void {
    const learn = () => void this.#learn(isLoggedIn);
    learn();
    const ends = [this.#ports.every(LEARN_EVERY_MS, learn), this.#ports.every(LOOK_EVERY_MS, () => void this.#look())];
    return () => {
      for (const end of ends) end();
    };
  }

  /** Whether this address serves, as the live connection or a refusal tells it. */
  here(serves: boolean): void {
    if (serves) this.#awaySinceMs = null;
    else this.#awaySinceMs ??= this.#ports.nowMs();
  }

  async #learn(isLoggedIn: boolean): Promise<void> {
    const health = await this.#ports.health('');
    // Nobody answers here: what was learned before is what is needed now.
    if (health === null) return;
    this.#others = health.others;
    if (!isLoggedIn) this.here(health.mode !== 'passive');
    this.#pass = isLoggedIn && health.others.length > 0 ? ((await this.#ports.pass()) ?? this.#pass) : null;
  }

  async #look(): Promise<void> {
    const sinceMs = this.#awaySinceMs;
    if (sinceMs === null || this.#ports.nowMs() - sinceMs < PATIENCE_MS || this.#isLooking || this.#hasGone) return;
    this.#isLooking = true;
    try {
      const found = await Promise.all(this.#others.map(async (origin) => ({ origin, health: await this.#ports.health(origin) })));
      const master = found.find(({ health }) => health?.mode === 'active' && health.ready);
      if (master === undefined || this.#awaySinceMs === null) return;
      this.#hasGone = true;
      this.#ports.go(master.origin, this.#pass);
    } finally {
      this.#isLooking = false;
    }
  }
}

const HEADERS = { 'content-type': 'application/json', 'x-yosugara': '1' };

export const elsewhere = new Elsewhere({
  health: healthAt,
  pass: async () => ((await asked('/api/v1/pass', LOOK_DEADLINE_MS).catch(() => null)) as { pass?: string } | null)?.pass ?? null,
  // Not one step back into an address where nobody is.
  go: (origin, pass) =>
    location.replace(`${origin}${location.pathname}${location.search}${packed({ pass, drafts: drafts.all() })}`),
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  nowMs: () => performance.now(),
});

/** Before anything is drawn: a page that comes from another node takes up its session, and what was typed there. */
export async function arrive(): Promise<void> {
  const luggage = unpacked(location.hash);
  if (luggage === null) return;
  history.replaceState(history.state, '', location.pathname + location.search);
  if (luggage.pass === null) return;
  const body = JSON.stringify({ pass: luggage.pass });
  const taken = await asked('/api/v1/pass', ARRIVE_DEADLINE_MS, { method: 'POST', headers: HEADERS, body }).catch(() => null);
  // Whoever is not let in brings nothing along: an address that somebody else made up writes into no field.
  if (taken !== null) for (const [key, text] of Object.entries(luggage.drafts)) drafts.set(key, text);
}
