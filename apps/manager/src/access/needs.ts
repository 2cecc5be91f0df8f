import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { AccessFunction, AccessMode } from '@yosugara/protocol';

/** What a route asks for. Each route says it, or is refused to everybody. */
export type Need =
  | {
      readonly kind: 'function';
      readonly what: AccessFunction;
      readonly modes: readonly AccessMode[];
      readonly everything?: true;
    }
  /** Of the kind in the address, or without one of any kind: one of these modes. The rest is asked where the setting is known. */
  | { readonly kind: 'setting'; readonly modes: readonly AccessMode[] }
  /** Whoever is logged in, by a session or a token. */
  | { readonly kind: 'login' }
  /** A person in front of a page: no token does it. */
  | { readonly kind: 'session' };

export const NEED = 'yosugara:need';
export const WHILE_MUST_CHANGE = 'yosugara:whileMustChange';

const declares = (need: Need, says: string) => applyDecorators(SetMetadata(NEED, need), ApiExtension('x-needs', says));

/** Of several modes any: the route itself asks for the right one. */
export const Needs = (what: AccessFunction, ...modes: readonly [AccessMode, ...AccessMode[]]) =>
  declares({ kind: 'function', what, modes }, `${what}: ${modes.join(' or ')}`);
/** Of objects of whatever owner, told as one: for whoever may read them all. */
export const NeedsEverything = (what: AccessFunction, mode: AccessMode) =>
  declares({ kind: 'function', what, modes: [mode], everything: true }, `${what}: ${mode}, of all owners`);
export const NeedsSetting = (...modes: readonly AccessMode[]) =>
  declares({ kind: 'setting', modes }, `that of the kind: ${modes.join(' or ')}`);
export const NeedsLogin = () => declares({ kind: 'login' }, 'a login');
export const NeedsSession = () => declares({ kind: 'session' }, 'a session');
/** Also for whoever must give themselves another password before anything else. */
export const WhileMustChange = () => SetMetadata(WHILE_MUST_CHANGE, true);
