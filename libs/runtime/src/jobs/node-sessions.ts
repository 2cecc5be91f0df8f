const OVER: ReadonlySet<string> = new Set(['ended', 'not-started']);

/** Of one session: job → nodes on which something of it may be going on. */
export type BusyNodes = Map<string, readonly string[]>;

/** Which sessions have something going on on which node. */
export class NodeSessions {
  /** Node → session → how many jobs. */
  readonly #sessions = new Map<string, Map<string, number>>();
  #runs = 0;

  /** Of jobs on nodes, not over. */
  get runs(): number {
    return this.#runs;
  }

  /** Those with something going on there. */
  on(facility: string): readonly string[] {
    return [...(this.#sessions.get(facility)?.keys() ?? [])];
  }

  nodes(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  note(
    session: string,
    busy: BusyNodes,
    job: string,
    nodes: readonly { readonly facility: string; readonly state: string }[],
  ): void {
    const before = busy.get(job);
    if (before === undefined && nodes.length === 0) return;
    const after = nodes.filter(({ state }) => !OVER.has(state)).map(({ facility }) => facility);
    if (before === undefined && after.length === 0) return;
    this.#runs += after.length - (before?.length ?? 0);
    for (const facility of before ?? []) this.#leave(session, facility);
    for (const facility of after) {
      let sessions = this.#sessions.get(facility);
      if (sessions === undefined) this.#sessions.set(facility, (sessions = new Map()));
      sessions.set(session, (sessions.get(session) ?? 0) + 1);
    }
    if (after.length === 0) busy.delete(job);
    else busy.set(job, after);
  }

  #leave(session: string, facility: string): void {
    const sessions = this.#sessions.get(facility);
    const count = (sessions?.get(session) ?? 1) - 1;
    if (count > 0) sessions?.set(session, count);
    else sessions?.delete(session);
    if (sessions?.size === 0) this.#sessions.delete(facility);
  }
}
