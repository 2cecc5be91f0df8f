/**
 * What one button, or all of one kind, was pressed for. Asked for again while it is under way it is the same press; and the second click of a
 * double click is never a press of its own: the first one was, or it was meant for what stood there before, such as the question whether one is sure.
 */
export class Presses {
  readonly #underWay = new Set<string>();

  /** @param what is asked for. @returns what is to be called at the end; null: this is no press of its own. */
  begin(what: unknown, isSecondClick: boolean): (() => void) | null {
    const key = keyOf(what);
    if (isSecondClick || this.#underWay.has(key)) return null;
    this.#underWay.add(key);
    return () => void this.#underWay.delete(key);
  }
}

/** A file says nothing of itself as JSON. */
const keyOf = (what: unknown): string =>
  JSON.stringify([what], (_key, value: unknown) =>
    value instanceof File ? [value.name, value.size, value.lastModified] : value,
  );
