import { MorePages } from '../components/more-pages.js';
import '../operations.js';
import { Button, Loader, SegmentedControl } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { AccessOverview, UserView } from '@yosugara/protocol';
import { useMemo } from 'react';
import { accessApi } from '../api/access.js';
import { serverNowMs } from '../api/client.js';
import { marksOf } from '../components/access-model.js';
import { ColumnHead } from '../components/column-head.js';
import { FilterBar } from '../components/filter-bar.js';
import { RoleEditor } from '../components/role-editor.js';
import { Time } from '../components/time.js';
import { Typed } from '../components/typed.js';
import { useMe } from '../components/use-me.js';
import { usePageAddress } from '../components/use-page-address.js';
import { UserDialog } from '../components/user-dialog.js';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const NEW = '+';

function useUsers(text: string) {
  const query = useInfiniteQuery({
    queryKey: ['access', 'users', text],
    queryFn: ({ pageParam, signal }) =>
      accessApi.users(
        new URLSearchParams({
          limit: '200',
          ...(text === '' ? {} : { text }),
          ...(pageParam === null ? {} : { after: pageParam }),
        }).toString(),
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });
  const rows = useMemo(() => (query.data?.pages ?? []).flatMap((page) => page.rows), [query.data]);
  return { query, rows };
}

function UserRow({ user, onOpen }: { readonly user: UserView; readonly onOpen: () => void }) {
  const { t } = useText();
  return (
    <li className={user.enabled ? 'user-row' : 'user-row off'} data-testid="user-row" data-login={user.login}>
      <button type="button" className="link-button user-login clip" onClick={onOpen} data-row>
        {visible(user.login)}
      </button>
      <span className="clip">{visible(user.name)}</span>
      <span className="clip">
        {user.roles.map((role) => (
          <span key={role} className="tag">
            {role}
          </span>
        ))}
      </span>
      <span className="clip">
        {marksOf(user, serverNowMs()).map((mark) => (
          <span key={mark} className={`tag mark-${mark}`}>
            {t(`users.mark.${mark}`)}
          </span>
        ))}
        {user.source !== 'local' && <span className="tag">{user.source.toUpperCase()}</span>}
      </span>
      <span className="dim nowrap user-last">
        {user.lastLoginAt === null ? t('users.never') : <Time iso={user.lastLoginAt} />}
      </span>
    </li>
  );
}

function Users({ rights }: { readonly rights: AccessOverview }) {
  const { t } = useText();
  const { may } = useMe();
  const { address, put: putParts } = usePageAddress();
  const text = address.get('text') ?? '';
  const { query, rows } = useUsers(text);
  const opened = address.get('user');
  const put = (key: string, value: string | null) => putParts({ [key]: value });
  const user = rows.find(({ login }) => login === opened) ?? null;
  return (
    <>
      <FilterBar error={query.error}>
        <Typed
          className="f-text"
          label={t('settings.search')}
          placeholder={t('users.searchHint')}
          value={text}
          onValue={(value) => put('text', value)}
          testId="user-search"
        />
        <Button size="xs" disabled={!may('access', 'add')} onClick={() => put('user', NEW)} data-testid="user-new">
          {t('settings.add')}
        </Button>
      </FilterBar>
      <section className="panel list-panel">
        {query.isPending && query.error === null ? (
          <Loader size="sm" />
        ) : (
          <>
            <ColumnHead
              rows="user-row"
              columns={[t('users.login'), t('users.name'), t('users.roles'), t('users.state'), t('users.lastLogin')]}
            />
            <ul className="plain-rows" aria-label={t('users.title')}>
              {rows.map((each) => (
                <UserRow key={each.id} user={each} onOpen={() => put('user', each.login)} />
              ))}
            </ul>
          </>
        )}
        <MorePages of={query}>{t('messages.older')}</MorePages>
      </section>
      {(opened === NEW || user !== null) && (
        <UserDialog
          key={opened === NEW ? NEW : `${user?.id} ${user?.revision}`}
          user={user}
          rights={rights}
          onClose={() => put('user', null)}
        />
      )}
    </>
  );
}

function Roles({ rights }: { readonly rights: AccessOverview }) {
  const { t, language } = useText();
  const { may } = useMe();
  const { address, put } = usePageAddress();
  const opened = address.get('role');
  const open = (id: string | null) => put({ role: id });
  const role = rights.roles.find(({ id }) => id === opened) ?? null;
  return (
    <>
      <div className="list-head">
        <span className="grow" />
        <Button size="xs" disabled={!may('access', 'add')} onClick={() => open(NEW)} data-testid="role-new">
          {t('settings.add')}
        </Button>
      </div>
      <section className="panel list-panel">
        <ColumnHead rows="role-row" columns={[t('roles.id'), t('users.name'), t('roles.grants'), t('roles.given')]} />
        <ul className="plain-rows" aria-label={t('roles.title')}>
          {rights.roles.map(({ id, builtIn, enabled, body, users, given }) => (
            <li key={id} className={enabled ? 'role-row' : 'role-row off'} data-testid="role-row" data-id={id}>
              <button type="button" className="link-button user-login clip" onClick={() => open(id)} data-row>
                {visible(id)}
              </button>
              <span className="clip">{visible(body.name)}</span>
              <span className="dim clip">
                {t('roles.functions', { count: integer(Object.keys(body.grants).length, language) })}
                {builtIn && ` · ${t('roles.isBuiltIn')}`}
              </span>
              <span className="dim nowrap">
                {given ? t('roles.members', { count: integer(users, language) }) : t('roles.everybody')}
              </span>
            </li>
          ))}
        </ul>
      </section>
      {(opened === NEW || role !== null) && <RoleEditor key={opened} role={role} rights={rights} onClose={() => open(null)} />}
    </>
  );
}

/** Who may log in, and what they may do. */
export function UsersPage() {
  const { t } = useText();
  const { address, setAddress } = usePageAddress();
  const tab = address.get('tab') === 'roles' ? 'roles' : 'users';
  const { data, error } = useQuery({ queryKey: ['access', 'rights'], queryFn: ({ signal }) => accessApi.rights(signal) });
  return (
    <div className="cluster-page" data-testid="users-page">
      <div className="page-head">
        <h1>{t('users.title')}</h1>
        <SegmentedControl
          size="xs"
          aria-label={t('users.title')}
          value={tab}
          onChange={(next) => setAddress(next === 'roles' ? { tab: 'roles' } : {})}
          data={[
            { value: 'users', label: t('users.people') },
            { value: 'roles', label: t('roles.title') },
          ]}
          data-testid="users-tab"
        />
      </div>
      {data === undefined && (error === null ? <Loader size="sm" /> : <FilterBar error={error}>{null}</FilterBar>)}
      {data !== undefined && (tab === 'users' ? <Users rights={data} /> : <Roles rights={data} />)}
    </div>
  );
}
