import { Button, MultiSelect, NumberInput, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { TokenMade, TokenView } from '@yosugara/protocol';
import { type FormEvent, useState } from 'react';
import { accessApi } from '../api/access.js';
import { type Me, serverNowMs } from '../api/client.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Failed } from './failed.js';
import { Once } from './once.js';
import { Time } from './time.js';
import { useCommand } from './use-command.js';

const KEY = ['tokens'] as const;
const USUAL_DAYS = 90;
const MOST_DAYS = 3_660;

function NewToken({ account, onMade }: { readonly account: Me; readonly onMade: (made: TokenMade) => void }) {
  const { t } = useText();
  const [name, setName] = useState('');
  const [roles, setRoles] = useState<string[]>(account.roles.length === 1 ? [...account.roles] : []);
  const [days, setDays] = useState<number | string>(USUAL_DAYS);
  const add = useCommand({
    mutationFn: async () => await accessApi.addToken({ name: name.trim(), roles, days: Number(days) }),
    onSuccess: (made) => {
      setName('');
      onMade(made);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit} className="inline-form">
      <TextInput
        label={t('tokens.name')}
        placeholder={t('tokens.nameHint')}
        value={name}
        maxLength={128}
        onChange={(event) => setName(event.currentTarget.value)}
        data-testid="token-name"
      />
      <MultiSelect
        label={t('users.roles')}
        data={[...account.roles]}
        value={roles}
        onChange={setRoles}
        data-testid="token-roles"
      />
      <NumberInput label={t('tokens.days')} value={days} min={1} max={MOST_DAYS} onChange={setDays} w={110} />
      <Button
        type="submit"
        loading={add.isPending}
        disabled={name.trim() === '' || roles.length === 0 || Number(days) < 1}
        data-testid="token-add"
      >
        {t('tokens.add')}
      </Button>
      <Failed error={add.error} />
    </form>
  );
}

function TokenRow({ token, onRemove }: { readonly token: TokenView; readonly onRemove: () => void }) {
  const { t } = useText();
  const [isSure, setSure] = useState(false);
  const isOver = Date.parse(token.expiresAt) <= serverNowMs();
  return (
    <li className="token-row" data-testid="token-row">
      <strong className="clip">{visible(token.name)}</strong>
      <code>{token.start}…</code>
      <span className="clip dim">{token.roles.join(', ')}</span>
      <span className={isOver ? 'text-bad nowrap' : 'dim nowrap'}>
        {t('tokens.until')} <Time iso={token.expiresAt} />
      </span>
      <span className="dim nowrap">
        {token.lastUsedAt === null ? (
          t('tokens.unused')
        ) : (
          <>
            {t('tokens.used')} <Time iso={token.lastUsedAt} />
          </>
        )}
      </span>
      <Button
        size="compact-xs"
        color="red"
        variant={isSure ? 'filled' : 'subtle'}
        onClick={() => (isSure ? onRemove() : setSure(true))}
        data-testid="token-remove"
      >
        {t(isSure ? 'tokens.removeSure' : 'tokens.remove')}
      </Button>
    </li>
  );
}

/** Tokens for programs, in one's own name; the secret is shown once. */
export function TokenPanel({ account }: { readonly account: Me }) {
  const { t } = useText();
  const client = useQueryClient();
  const [made, setMade] = useState<TokenMade | null>(null);
  const { data, error } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => accessApi.tokens(signal) });
  const fresh = async () => await client.invalidateQueries({ queryKey: KEY });
  const remove = useCommand({ mutationFn: accessApi.removeToken, onSuccess: fresh });
  return (
    <section className="panel" data-testid="token-panel">
      <h2>{t('tokens.title')}</h2>
      <p className="dim">{t('tokens.hint')}</p>
      {made !== null && <Once title={t('tokens.made', { name: made.token.name })} secret={made.secret} testId="token-secret" />}
      <Failed error={error ?? remove.error} />
      <ul className="plain-rows" aria-label={t('tokens.title')}>
        {(data?.rows ?? []).map((token) => (
          <TokenRow key={token.id} token={token} onRemove={() => remove.mutate(token.id)} />
        ))}
      </ul>
      <NewToken
        account={account}
        onMade={(next) => {
          setMade(next);
          void fresh();
        }}
      />
    </section>
  );
}
