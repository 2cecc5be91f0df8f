import { changeSecrets, SEALED_PREFIX, type SettingKey, settingSecretsOf } from '@yosugara/protocol';
import type { SecretCodec } from '@yosugara/runtime';

const placeOf = ({ kind, id }: SettingKey, place: string) => `setting/${kind}/${id}/${place}`;

/**
 * The body with its secrets as texts. @param closed of those that do not open: `kept` as they lie there, for whoever shows nothing of them or
 * writes them back; `none` for whoever would use them.
 */
export const openSecrets = <Body>(codec: SecretCodec, key: SettingKey, body: Body, closed: 'kept' | 'none'): Body =>
  changeSecrets(settingSecretsOf(key.kind), body, (stored, place) => {
    const text = codec.open(stored, placeOf(key, place));
    return text ?? (closed === 'kept' ? stored : null);
  });

/** As it is stored. What did not open is stored as it was: nobody can give such a text as a secret (`secretText`). */
export const sealSecrets = <Body>(codec: SecretCodec, key: SettingKey, body: Body): Body =>
  changeSecrets(settingSecretsOf(key.kind), body, (text, place) =>
    text.startsWith(SEALED_PREFIX) ? text : codec.seal(text, placeOf(key, place)),
  );

export interface Resealed {
  /** null: every secret of it lies as it should, or does not open. */
  readonly body: unknown;
  /** Secrets that do not open. */
  readonly closed: number;
}

/** As it would be stored now, by the key of now. */
export function resealSecrets(codec: SecretCodec, key: SettingKey, body: unknown): Resealed {
  let changed = 0;
  let closed = 0;
  const resealed = changeSecrets(settingSecretsOf(key.kind), body, (stored, place) => {
    if (codec.isCurrent(stored)) return stored;
    const text = codec.open(stored, placeOf(key, place));
    if (text === null) closed++;
    else changed++;
    return text === null ? stored : codec.seal(text, placeOf(key, place));
  });
  return { body: changed === 0 ? null : resealed, closed };
}
