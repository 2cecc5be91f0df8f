/** The outside world failed. `code` is stable and documented; `cause` holds what was underneath. */
export class YosugaraError extends Error {
  override readonly name: string = 'YosugaraError';
  readonly code: string;
  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Bad input: names the place, what was found and what is allowed. */
export class InvalidInputError extends YosugaraError {
  override readonly name = 'InvalidInputError';
  constructor(place: string, found: string, allowed: string) {
    super('INVALID_INPUT', `${place}: found ${JSON.stringify(found)}, allowed is ${allowed}`);
  }
}

/** An outside call did not answer within its deadline. */
export class DeadlineError extends YosugaraError {
  override readonly name = 'DeadlineError';
  constructor(what: string, afterMs: number) {
    super('DEADLINE', `${what}: no answer within ${afterMs} ms`);
  }
}

/** A mistake of ours: stops the process instead of being handled. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

export function invariant(holds: boolean, says: string): asserts holds {
  if (!holds) throw new InvariantError(`invariant broken: ${says}`);
}

export function assertNever(value: never): never {
  throw new InvariantError(`invariant broken: unexpected ${JSON.stringify(value)}`);
}

/** The whole chain of causes on one line, outermost first. For the place where an error is finally handled. */
export function explain(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && parts.length < 8; at = at instanceof Error ? at.cause : undefined) {
    const says = at instanceof Error ? at.message : String(at);
    // Who wraps an error only to give it another code keeps its sentence.
    if (says !== parts.at(-1)) parts.push(says);
  }
  return parts.join(': ');
}
