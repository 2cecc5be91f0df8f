import {
  type AccessFunction,
  type AccessMode,
  ALL_USERS,
  ANY_OWNER,
  FUNCTIONS,
  MODES,
  REACH_MODES,
  type ReachMode,
  type RoleBody,
} from '@yosugara/protocol';

/** What all roles of somebody let them do together. */
export class Rights {
  /** Those that were given, whether they are there or not. */
  readonly roles: readonly string[];
  readonly #grants = new Map<AccessFunction, ReadonlySet<AccessMode>>();
  readonly #reaches = new Map<string, Set<ReachMode>>();
  readonly #owns: ReadonlySet<string>;

  /** @param bodyOf undefined: there is no such role, or it is not in force: it owns nothing either. */
  constructor(roles: readonly string[], bodyOf: (role: string) => RoleBody | undefined) {
    this.roles = [...new Set(roles)];
    const known = this.roles.flatMap((role) => {
      const body = bodyOf(role);
      return body === undefined ? [] : [{ role, body }];
    });
    this.#owns = new Set([ALL_USERS, ...known.map(({ role }) => role)]);
    for (const { body } of known) {
      for (const each of FUNCTIONS)
        this.#grants.set(each, new Set([...(this.#grants.get(each) ?? []), ...(body.grants[each] ?? [])]));
      for (const { owner, modes } of body.reaches)
        this.#reaches.set(owner, new Set([...(this.#reaches.get(owner) ?? []), ...modes]));
    }
  }

  may(what: AccessFunction, mode: AccessMode): boolean {
    return this.#grants.get(what)?.has(mode) === true;
  }

  /** Objects of that owner, in that mode. */
  reaches(owner: string, mode: ReachMode): boolean {
    return this.#owns.has(owner) || this.#has(ANY_OWNER, mode) || this.#has(owner, mode);
  }

  /** Whose objects they are, for a search; null = anybody's. */
  owners(mode: ReachMode): readonly string[] | null {
    if (this.#has(ANY_OWNER, mode)) return null;
    return [...new Set([...this.#owns, ...[...this.#reaches].flatMap(([owner, modes]) => (modes.has(mode) ? [owner] : []))])];
  }

  /** Nothing is given away that is not had: all that `other` may, these may too. */
  covers(other: Rights): boolean {
    return (
      FUNCTIONS.every((each) => MODES.every((mode) => !other.may(each, mode) || this.may(each, mode))) &&
      [...other.#owns].every((owner) => REACH_MODES.every((mode) => this.reaches(owner, mode))) &&
      [...other.#reaches].every(([owner, modes]) =>
        [...modes].every((mode) => (owner === ANY_OWNER ? this.#has(ANY_OWNER, mode) : this.reaches(owner, mode))),
      )
    );
  }

  get grants(): RoleBody['grants'] {
    return Object.fromEntries(
      [...this.#grants].filter(([, modes]) => modes.size > 0).map(([each, modes]) => [each, [...modes]]),
    ) as RoleBody['grants'];
  }

  get reached(): RoleBody['reaches'] {
    return [...this.#reaches].map(([owner, modes]) => ({ owner, modes: [...modes] }));
  }

  #has(owner: string, mode: ReachMode): boolean {
    return this.#reaches.get(owner)?.has(mode) === true;
  }
}
