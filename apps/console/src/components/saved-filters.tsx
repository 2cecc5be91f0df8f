import { Button, Menu, Modal, Switch, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { usualOwnerOf } from '@yosugara/protocol';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { settingsApi } from '../api/settings.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import {
  addressWith,
  type FilteredView,
  filterBody,
  filterIdOf,
  filterText,
  PICKED,
  type SavedFilter,
  savedFilters,
} from './filter-model.js';
import { ChevronIcon } from './icons.js';
import { MENU } from './menu.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';
import { useMe } from './use-me.js';
import { usePageAddress } from './use-page-address.js';

const MOST = 1_000;
const KEY = ['settings', 'list', 'filter', 'all'] as const;
const NONE = [] as const;

interface Asked {
  readonly name: string;
  readonly query: string;
  readonly isShared: boolean;
  /** null: a new one. */
  readonly filter: SavedFilter | null;
}

function useSaved(view: FilteredView) {
  const { me } = useMe();
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => settingsApi.list('filter', `limit=${MOST}`, signal),
    staleTime: 30_000,
  });
  return {
    all: data?.rows ?? NONE,
    filters: data === undefined ? NONE : savedFilters(data.rows, view, me),
    isThere: data !== undefined,
  };
}

function useSave(view: FilteredView, taken: readonly { readonly id: string }[], onSaved: (id: string, query: string) => void) {
  const { t } = useText();
  const toast = useToast();
  const client = useQueryClient();
  const { account } = useMe();
  return useCommand({
    mutationFn: async ({ name, query, isShared, filter }: Asked) => {
      const id = filter?.id ?? filterIdOf(view, name, new Set(taken.map((each) => each.id)));
      const { description = '', ownerRole = usualOwnerOf(account?.roles ?? []), revision = null } = filter?.setting ?? {};
      const body = filterBody(view, name, query, isShared);
      await settingsApi.put('filter', { id, description, ownerRole, revision, enabled: true, body });
      return id;
    },
    onError: (error) => toast({ text: t('common.error', { message: error.message }), tone: 'bad' }),
    onSuccess: async (id, { name, query }) => {
      await client.invalidateQueries({ queryKey: ['settings'] });
      onSaved(id, query);
      toast({ text: t('filter.saved', { name }), tone: 'good' });
    },
  });
}

interface DialogProps {
  readonly title: string;
  readonly name: string;
  readonly isShared: boolean;
  readonly isBusy: boolean;
  readonly onClose: () => void;
  readonly onDone: (name: string, isShared: boolean) => void;
}

function NameDialog({ title, isBusy, onClose, onDone, ...begin }: DialogProps) {
  const { t } = useText();
  const [name, setName] = useState(begin.name);
  const [isShared, setShared] = useState(begin.isShared);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') onDone(name.trim(), isShared);
  };
  return (
    <Modal opened onClose={onClose} title={title} centered closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form onSubmit={submit} className="dialog-form">
        <TextInput
          label={t('filter.name')}
          value={name}
          maxLength={256}
          required
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="filter-name"
        />
        <Switch
          label={t('filter.isShared')}
          description={t('filter.sharedHint')}
          checked={isShared}
          onChange={(event) => setShared(event.currentTarget.checked)}
          data-testid="filter-shared"
        />
        <div className="dialog-buttons">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={isBusy} disabled={name.trim() === ''} data-testid="filter-save">
            {t('filter.doSave')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function RemoveDialog({
  filter,
  onClose,
  onRemoved,
}: {
  readonly filter: SavedFilter;
  readonly onClose: () => void;
  readonly onRemoved: () => void;
}) {
  const { t } = useText();
  const toast = useToast();
  const client = useQueryClient();
  const remove = useCommand({
    mutationFn: async () => await settingsApi.remove('filter', filter.id, filter.setting.revision),
    onError: (error) => toast({ text: t('common.error', { message: error.message }), tone: 'bad' }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['settings'] });
      onRemoved();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('filter.removeTitle', { name: filter.name })}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <p>{t(filter.isShared ? 'filter.removeShared' : 'filter.removeOwn')}</p>
      <div className="dialog-buttons">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t('common.cancel')}
        </Button>
        <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()} data-testid="filter-remove">
          {t('filter.remove')}
        </Button>
      </div>
    </Modal>
  );
}

/** Filters that were kept: picked, they are in the address, which can be sent to anybody. */
export function SavedFilters({ view }: { readonly view: FilteredView }) {
  const { t } = useText();
  const { may } = useMe();
  const { address, setAddress } = usePageAddress();
  const { all, filters, isThere } = useSaved(view);
  const [asking, setAsking] = useState<'new' | 'rename' | 'remove' | null>(null);
  const query = filterText(view, address);
  const picked = filters.find(({ id }) => id === address.get(PICKED)) ?? null;
  const isChanged = picked !== null && picked.query !== query;
  const go = (next: string, id: string | null) => setAddress((before) => addressWith(view, before, next, id), { replace: true });
  const save = useSave(view, all, (id, saved) => {
    setAsking(null);
    go(asking === 'rename' ? query : saved, id);
  });
  // An address that names a filter and says nothing else means what the filter says.
  const isFresh = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the filters are there.
  useEffect(() => {
    if (!isThere || !isFresh.current) return;
    isFresh.current = false;
    if (picked !== null && query === '') go(picked.query, picked.id);
  }, [isThere]);
  const part = (name: 'own' | 'shared', isOwn: boolean) => {
    const some = filters.filter((each) => each.isShared !== isOwn);
    if (some.length === 0) return null;
    return (
      <>
        <Menu.Label>{t(`filter.${name}`)}</Menu.Label>
        {some.map((each) => (
          <Menu.Item
            key={each.id}
            onClick={() => go(each.query, each.id)}
            aria-current={each.id === picked?.id}
            data-testid="saved-filter"
            data-id={each.id}
          >
            {visible(each.name)}
          </Menu.Item>
        ))}
      </>
    );
  };
  return (
    <>
      <Menu position="bottom-end" {...MENU}>
        <Menu.Target>
          <Button
            size="xs"
            variant={picked === null ? 'default' : 'light'}
            rightSection={<ChevronIcon open />}
            data-testid="saved-filters"
          >
            <span className="clip saved-name">
              {picked === null ? t('filter.saved.none') : visible(picked.name)}
              {isChanged && ` ${t('filter.changed')}`}
            </span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {filters.length === 0 && <Menu.Label>{t('filter.empty')}</Menu.Label>}
          {part('own', true)}
          {part('shared', false)}
          <Menu.Divider />
          {picked !== null && isChanged && (
            <Menu.Item
              disabled={!may('filter', 'modify')}
              onClick={() => save.mutate({ name: picked.name, query, isShared: picked.isShared, filter: picked })}
              data-testid="filter-save-changes"
            >
              {t('filter.saveChanges', { name: visible(picked.name) })}
            </Menu.Item>
          )}
          <Menu.Item disabled={!may('filter', 'add')} onClick={() => setAsking('new')} data-testid="filter-save-as">
            {t('filter.saveAs')}
          </Menu.Item>
          {picked !== null && (
            <>
              <Menu.Item disabled={!may('filter', 'modify')} onClick={() => setAsking('rename')} data-testid="filter-rename">
                {t('filter.rename')}
              </Menu.Item>
              <Menu.Item
                disabled={!may('filter', 'modify')}
                color="red"
                onClick={() => setAsking('remove')}
                data-testid="filter-delete"
              >
                {t('filter.delete')}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {asking === 'new' && (
        <NameDialog
          title={t('filter.newTitle')}
          name=""
          isShared={false}
          isBusy={save.isPending}
          onClose={() => setAsking(null)}
          onDone={(name, isShared) => save.mutate({ name, isShared, query, filter: null })}
        />
      )}
      {asking === 'rename' && picked !== null && (
        <NameDialog
          title={t('filter.renameTitle')}
          name={picked.name}
          isShared={picked.isShared}
          isBusy={save.isPending}
          onClose={() => setAsking(null)}
          onDone={(name, isShared) => save.mutate({ name, isShared, query: picked.query, filter: picked })}
        />
      )}
      {asking === 'remove' && picked !== null && (
        <RemoveDialog
          filter={picked}
          onClose={() => setAsking(null)}
          onRemoved={() => {
            setAsking(null);
            go(query, null);
          }}
        />
      )}
    </>
  );
}
