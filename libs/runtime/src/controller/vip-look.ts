/**
 * Looks at whether this host holds the address. Where that takes long, the address may be taken or let go meanwhile, and the answer is
 * from before: believed, it would hide that the address is held (seed 29265 of the simulator).
 */
export class VipLook {
  #verbs = 0;

  /** A verb on the address begins. */
  touched(): void {
    this.#verbs += 1;
  }

  /** @returns null where the answer says nothing about now. */
  async look(held: () => Promise<boolean>, isBusy: () => boolean): Promise<boolean | null> {
    if (isBusy()) return null;
    const before = this.#verbs;
    const answer = await held();
    return this.#verbs === before ? answer : null;
  }
}
