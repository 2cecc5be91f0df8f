/** What is due when, the soonest first. Whoever changes his mind puts it in once more, and passes over the one that is old. */
export class TimeHeap<T> {
  readonly #heap: { readonly atMs: number; readonly value: T }[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** null = it is empty. */
  first(): { readonly atMs: number; readonly value: T } | null {
    return this.#heap[0] ?? null;
  }

  push(atMs: number, value: T): void {
    const heap = this.#heap;
    let at = heap.push({ atMs, value }) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (heap[above]!.atMs <= heap[at]!.atMs) return;
      [heap[above], heap[at]] = [heap[at]!, heap[above]!];
      at = above;
    }
  }

  /** Takes the first one away. */
  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < heap.length && heap[left]!.atMs < heap[least]!.atMs) least = left;
      if (right < heap.length && heap[right]!.atMs < heap[least]!.atMs) least = right;
      if (least === at) return;
      [heap[least], heap[at]] = [heap[at]!, heap[least]!];
      at = least;
    }
  }
}
