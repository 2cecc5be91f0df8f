/** Where texts wait that somebody has begun and not sent; a store of the browser, or nothing. */
export interface DraftStore {
  readonly length: number;
  key(at: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const PREFIX = 'yosugara.draft.';

/**
 * Texts that were begun: they outlive the field they are typed into, a login in between and a reload of the page. A take-over must
 * not cost anybody a sentence.
 */
export class Drafts {
  readonly #texts = new Map<string, string>();
  readonly #store: () => DraftStore | null;

  constructor(store: () => DraftStore | null) {
    this.#store = store;
  }

  get(key: string): string | null {
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    return this.#try((store) => store.getItem(PREFIX + key)) ?? null;
  }

  set(key: string, text: string): void {
    this.#texts.set(key, text);
    this.#try((store) => store.setItem(PREFIX + key, text));
  }

  drop(key: string): void {
    this.#texts.delete(key);
    this.#try((store) => store.removeItem(PREFIX + key));
  }

  /** Also those that a page before this one has left. */
  all(): Readonly<Record<string, string>> {
    const kept = this.#try((store) => {
      const keys = Array.from({ length: store.length }, (_, at) => store.key(at) ?? '').filter((key) => key.startsWith(PREFIX));
      return keys.map((key) => [key.slice(PREFIX.length), store.getItem(key) ?? ''] as const);
    });
    return Object.fromEntries([...(kept ?? []), ...this.#texts]);
  }

  /** A browser may refuse its store, or have no room: then a draft lives as long as the page. */
  #try<T>(use: (store: DraftStore) => T): T | undefined {
    try {
      const store = this.#store();
      return store === null ? undefined : use(store);
    } catch {
      return undefined;
    }
  }
}

export const drafts = new Drafts(() => (typeof sessionStorage === 'undefined' ? null : sessionStorage));
