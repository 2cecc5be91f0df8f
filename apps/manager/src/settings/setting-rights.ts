import {
  FUNCTION_OF_KIND,
  MAX_TOLD,
  type RoleBody,
  RoleIdSchema,
  referencesOf,
  type SettingInput,
  type SettingKind,
  spaceOf,
  usualOwnerOf,
} from '@yosugara/protocol';
import type { SettingsRights } from '@yosugara/store';
import { Rights } from '../access/rights.js';
import { moreThanYouHave } from '../access/users.js';
import type { LiveSettings } from './live-settings.js';
import { mistaken } from './refusals.js';

/** What somebody may do with settings: by the function of the kind, and by whose they are. */
export class SettingRights implements SettingsRights {
  readonly #rights: Rights;
  readonly owners: readonly string[] | null;

  constructor(rights: Rights) {
    this.#rights = rights;
    this.owners = rights.owners('modify');
  }

  /** Of the kind at all. */
  readsKind(kind: SettingKind): boolean {
    return this.#rights.may(FUNCTION_OF_KIND[kind], 'read');
  }

  /** Whose they see; null = anybody's. */
  get readOwners(): readonly string[] | null {
    return this.#rights.owners('read');
  }

  /** Nothing that is there is out of their reach. */
  get isUnbounded(): boolean {
    return this.readOwners === null && this.#rights.owners('execute') === null;
  }

  reads(kind: SettingKind, owner: string): boolean {
    return this.readsKind(kind) && this.#rights.reaches(owner, 'read');
  }

  /** By naming it in another one: what begins a job unit needs more than to see it. */
  uses(kind: SettingKind, owner: string): boolean {
    return this.reads(kind, owner) && (kind !== 'job-unit' || this.#rights.reaches(owner, 'execute'));
  }

  /** Whoever may write roles may do it whether they are new or not. */
  adds(kind: SettingKind, owner: string): boolean {
    return this.#rights.may(FUNCTION_OF_KIND[kind], kind === 'role' ? 'modify' : 'add') && this.#rights.reaches(owner, 'modify');
  }

  changes(kind: SettingKind, owner: string): boolean {
    return this.#rights.may(FUNCTION_OF_KIND[kind], 'modify') && this.#rights.reaches(owner, 'modify');
  }

  /** Whose a new one is when nothing is said. */
  usualOwner(): string | undefined {
    // The host's token is nobody's, and works as an operator.
    const roles = this.#rights.roles.filter((role) => RoleIdSchema.safeParse(role).success);
    return [usualOwnerOf(roles), ...roles, 'operator'].find((role) => this.#rights.reaches(role, 'modify'));
  }
}

/**
 * Nobody makes a role that may more than they do, or that owns what they may not touch: objects may bear its name already.
 * @throws ApiRefusal
 */
export function demandOwnRights(settings: readonly SettingInput[], rights: Rights): void {
  for (const [at, { kind, id, body }] of settings.entries())
    if (kind === 'role' && !rights.covers(new Rights([id], (each) => (each === id ? (body as RoleBody) : undefined))))
      throw moreThanYouHave(`the role ${id}`, settings.length === 1 ? 'body' : `documents.${at}.body`);
}

/** What a setting refers to must be there to be seen: else whoever names it uses what is not theirs. @throws ApiRefusal */
export function demandSeen(settings: readonly SettingInput[], rights: SettingRights, live: LiveSettings): void {
  if (rights.isUnbounded) return;
  const own = new Set(settings.map(({ kind, id }) => `${spaceOf(kind)}/${id}`));
  const { snapshot } = live;
  const unseen = settings.flatMap((from, at) =>
    referencesOf(from.kind, from.body).flatMap(({ kind, id, place }) => {
      const kinds: readonly SettingKind[] = kind === 'facility' ? ['node', 'scope'] : [kind];
      const found = kinds.map((each) => snapshot.get(each, id)).find((each) => each !== undefined);
      // What is not there at all is told by whoever writes.
      if (own.has(`${spaceOf(kind)}/${id}`) || found === undefined || kinds.some((each) => rights.uses(each, found.ownerRole)))
        return [];
      const where = settings.length === 1 ? 'body' : `documents.${at}.body`;
      return [
        {
          place: `${where}.${place}`,
          found: JSON.stringify(id),
          allowed: `the id of a ${kind === 'facility' ? 'node or scope' : kind} that is there`,
        },
      ];
    }),
  );
  if (unseen.length > 0) throw mistaken(unseen.slice(0, MAX_TOLD));
}
