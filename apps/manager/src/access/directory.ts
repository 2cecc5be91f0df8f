import type { ExternalPerson } from '@yosugara/connectors';

/** Who knows passwords besides us. */
export interface Directory {
  /** null: nobody of that name, or another password. @throws DirectoryUnavailableError */
  check(login: string, password: string): Promise<ExternalPerson | null>;
}

export interface RoleMapping {
  readonly group: string;
  readonly roles: readonly string[];
}

/** Each once, in the order of the configuration. Names of groups differ by more than case in no directory that we know. */
export function rolesOfGroups(
  groups: readonly string[],
  map: readonly RoleMapping[],
  usual: readonly string[],
): readonly string[] {
  const has = new Set(groups.map((group) => group.toLowerCase()));
  return [...new Set([...usual, ...map.flatMap(({ group, roles }) => (has.has(group.toLowerCase()) ? roles : []))])];
}
