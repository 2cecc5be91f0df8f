/** Who wants to know how much of a journal is durable. */
export class DurableWatch {
  readonly #listeners = new Set<(durableSeq: number) => void>();
  readonly #waiting: { readonly seq: number; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];

  /** @returns the unsubscribe. */
  listen(listener: (durableSeq: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when everything through `seq` is durable. */
  reaches(seq: number): Promise<void> {
    return new Promise((resolve, reject) => void this.#waiting.push({ seq, resolve, reject }));
  }

  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  tell(durableSeq: number): void {
    while (this.#waiting[0] !== undefined && this.#waiting[0].seq <= durableSeq) this.#waiting.shift()?.resolve();
    for (const listener of this.#listeners) listener(durableSeq);
  }

  /** Nothing more will be. */
  fail(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
