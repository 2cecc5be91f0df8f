import type { CompiledUnit, LinkMessage, PastEnd } from '@yosugara/operations';
import type { PastEndOf } from './ports.js';

const MOST_PAST = 30;
const MOST_LINKS = 10_000;

/** What open sessions may ask about that is over: how jobs of earlier sessions ended, and the messages that were said. */
export class SessionPast {
  readonly #ends = new Map<string, PastEndOf[]>();
  readonly #links: LinkMessage[] = [];

  /** How which jobs ended is asked about by sessions of that unit, and is not known yet. */
  unknownTo(unit: CompiledUnit): readonly { readonly unit: string; readonly job: string }[] {
    const found = new Map<string, { unit: string; job: string }>();
    const want = (of: string, job: string) => {
      const key = keyOf(of, job);
      if (!this.#ends.has(key)) found.set(key, { unit: of, job });
    };
    for (const { id, body, wait } of unit.jobs.values()) {
      if (body.endDelay?.deviation != null) want(unit.id, id);
      for (const { conditions } of wait.groups) for (const each of conditions) if ('unit' in each) want(each.unit, each.job);
    }
    return [...found.values()];
  }

  /** @param asked also those of which nothing is known. */
  learn(asked: readonly { readonly unit: string; readonly job: string }[], ends: readonly PastEndOf[]): void {
    for (const { unit, job } of asked) this.#ends.set(keyOf(unit, job), []);
    for (const end of ends) this.#ends.get(keyOf(end.unit, end.job))?.push(end);
  }

  /** Just now. Where nobody asked yet it is read with the others. */
  note(end: PastEndOf): void {
    const ends = this.#ends.get(keyOf(end.unit, end.job));
    if (ends === undefined) return;
    ends.unshift(end);
    if (ends.length > MOST_PAST) ends.pop();
  }

  newest(unit: string, job: string): PastEnd | null {
    return this.#ends.get(keyOf(unit, job))?.[0] ?? null;
  }

  normal(unit: string, job: string): readonly PastEnd[] {
    return (this.#ends.get(keyOf(unit, job)) ?? []).filter(({ status }) => status === 'normal');
  }

  learnLinks(links: readonly LinkMessage[]): void {
    this.#links.push(...links);
    if (this.#links.length > MOST_LINKS) this.#links.splice(0, this.#links.length - MOST_LINKS);
  }

  /** Said before, and not long ago. */
  knowsLink(id: string): boolean {
    return this.#links.some((message) => message.id === id);
  }

  links(messageId: string, sinceMs: number): readonly LinkMessage[] {
    return this.#links.filter((message) => message.messageId === messageId && message.atMs >= sinceMs);
  }
}

const keyOf = (unit: string, job: string): string => `${unit}\0${job}`;
