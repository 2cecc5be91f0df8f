import { inBody, type SettingKey, type SettingMistake } from '@yosugara/protocol';
import type { SettingsRefusal } from '@yosugara/store';
import { ApiRefusal } from '../http/errors.js';

/** Mistakes told of one request; more are counted. */
export const MOST_PROBLEMS = 100;

export const nameOf = ({ kind, id }: SettingKey): string => `${kind} ${id}`;
export const unknownSetting = (key: SettingKey) => new ApiRefusal(404, 'NOT_FOUND', `there is no ${nameOf(key)}`);

export function mistaken(mistakes: readonly SettingMistake[]): ApiRefusal {
  const [first] = mistakes;
  const more = mistakes.length > 1 ? ` (and ${mistakes.length - 1} more)` : '';
  const message = first === undefined ? 'not valid' : `${first.place}: found ${first.found}, allowed is ${first.allowed}${more}`;
  return new ApiRefusal(400, 'INVALID_INPUT', message, first?.place, mistakes.slice(0, MOST_PROBLEMS));
}

/**
 * @param placeOf where in the request that setting is; '' = the request is the setting.
 * @param sees of settings that nobody asked for: whether whoever asks may know of them. Others are counted, not named.
 */
export function refusalOf(
  refusal: SettingsRefusal,
  placeOf: (key: SettingKey) => string,
  sees: (key: SettingKey) => boolean = () => true,
): ApiRefusal {
  const at = (key: SettingKey, place: string) => [placeOf(key), place].filter((part) => part !== '').join('.');
  switch (refusal.kind) {
    case 'unknown':
      return unknownSetting(refusal.key);
    case 'revision': {
      const { key, found } = refusal;
      const why =
        found === null
          ? `there is no ${nameOf(key)}: the request was to change one that is there`
          : `${nameOf(key)} is at revision ${found}, which is not the one that the request was made from: read it again`;
      return new ApiRefusal(412, 'REVISION_MISMATCH', why);
    }
    case 'referenced': {
      const { key, by, count } = refusal;
      const seen = by.filter(sees);
      const more = count - seen.length;
      const others = seen.length === 0 ? `${more} that you may not see` : `${more} more`;
      const needed = [...(seen.length === 0 ? [] : [seen.map(nameOf).join(', ')]), ...(more === 0 ? [] : [others])].join(' and ');
      const message = `${nameOf(key)} is needed by ${needed}: change or delete ${count === 1 ? 'that' : 'those'} first`;
      return new ApiRefusal(409, 'SETTING_IN_USE', message);
    }
    case 'reference to nothing': {
      const problems = refusal.missing.map(({ from, place, to }) => ({
        place: at(from, inBody({ place, found: '', allowed: '' }).place),
        found: JSON.stringify(to.id),
        allowed: `the id of a ${to.kind === 'facility' ? 'node or scope' : to.kind} that is there`,
      }));
      return mistaken(problems);
    }
    case 'id taken':
      return new ApiRefusal(
        409,
        'ID_TAKEN',
        sees({ kind: refusal.by, id: refusal.key.id })
          ? `${refusal.key.id} is the id of a ${refusal.by} already: nodes and scopes share their ids`
          : `${refusal.key.id} is taken: nodes and scopes share their ids`,
        at(refusal.key, 'id'),
      );
    case 'scopes in a circle':
      return mistaken([
        {
          place: at(refusal.key, 'body.parent'),
          found: 'a scope that lies in this one, or too deep',
          allowed: 'another scope, and at most 32 of them in each other',
        },
      ]);
    case 'built in':
      return new ApiRefusal(409, 'BUILT_IN', `${nameOf(refusal.key)} is built in: it can be neither changed nor deleted`);
    case 'not allowed': {
      const { key, what, owner } = refusal;
      const says = {
        add: `${nameOf(key)} would be new and of ${owner}: you may not make it`,
        modify: `${nameOf(key)} is ${owner}'s: you may not change it`,
        give: `${nameOf(key)} would be ${owner}'s, whose settings you may not change`,
      };
      return new ApiRefusal(403, 'FORBIDDEN', says[what], at(key, what === 'modify' ? '' : 'ownerRole') || undefined);
    }
    case 'mistaken':
      return mistaken(refusal.mistakes.map((mistake) => ({ ...mistake, place: at(refusal.key, inBody(mistake).place) })));
  }
}
