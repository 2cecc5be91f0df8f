import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import type { SettingKind, SettingView } from '@yosugara/protocol';
import { useMemo } from 'react';
import { settingsApi } from '../api/settings.js';
import { useText } from '../i18n/language.js';
import { useToast } from './toasts.js';
import { useCommand } from './use-command.js';

const PAGE_ROWS = 200;

export interface SettingList {
  readonly rows: readonly SettingView[];
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  readonly error: Error | null;
  readonly more: () => void;
}

/** However many there are, page by page as somebody scrolls. */
export function useSettings(kind: SettingKind, filter: Readonly<Record<string, string>> = {}, everyMs = 30_000): SettingList {
  const query = new URLSearchParams({
    ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== '')),
    limit: String(PAGE_ROWS),
  });
  const found = useInfiniteQuery({
    queryKey: ['settings', 'list', kind, query.toString()],
    queryFn: ({ pageParam, signal }) =>
      settingsApi.list(kind, `${query}${pageParam === null ? '' : `&after=${encodeURIComponent(pageParam)}`}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    // Many pages are not read again and again.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 2 ? false : everyMs),
    placeholderData: (before) => before,
  });
  const rows = useMemo(() => (found.data?.pages ?? []).flatMap((page) => page.rows), [found.data]);
  return {
    ...{ rows, isLoading: found.isPending, hasMore: found.hasNextPage, error: found.error },
    more: () => {
      if (found.hasNextPage && !found.isFetchingNextPage) void found.fetchNextPage();
    },
  };
}

/** On or off, from the revision that is shown: whoever changed it meanwhile is not overruled. */
export function useEnable(kind: SettingKind) {
  const { t } = useText();
  const client = useQueryClient();
  const toast = useToast();
  return useCommand({
    mutationFn: async ({ setting, enabled }: { readonly setting: SettingView; readonly enabled: boolean }) => {
      const { id, description, ownerRole, revision, body } = setting;
      return await settingsApi.put(kind, { id, description, ownerRole, revision, body, enabled });
    },
    onError: (error) => toast({ text: t('common.error', { message: error.message }), tone: 'bad' }),
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ['settings'] });
      await client.invalidateQueries({ queryKey: ['facilities'] });
    },
  });
}
