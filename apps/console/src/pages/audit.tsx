import { MorePages } from '../components/more-pages.js';
import '../operations.js';
import { Button, Loader, Select, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { AuditRow } from '@yosugara/protocol';
import { useMemo } from 'react';
import { accessApi } from '../api/access.js';
import { csvOf } from '../api/operations.js';
import { AUDIT_FIELDS, type AuditFilter, auditFilterOf, auditQuery, detailText } from '../components/access-model.js';
import { ColumnHead } from '../components/column-head.js';
import { FilterBar } from '../components/filter-bar.js';
import { ChevronIcon, RefreshIcon } from '../components/icons.js';
import { Time } from '../components/time.js';
import { Typed } from '../components/typed.js';
import { usePageAddress } from '../components/use-page-address.js';
import { useToggled } from '../components/use-toggled.js';
import { integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { named } from '../i18n/translate.js';

const PAGE_ROWS = 200;
const CSV_ROWS = '1000';

function Row({ row, isOpen, onToggle }: { readonly row: AuditRow; readonly isOpen: boolean; readonly onToggle: () => void }) {
  const { t } = useText();
  const text = detailText(row.detail);
  return (
    <li className={row.done ? 'audit-item' : 'audit-item refused'} data-testid="audit-row" data-action={row.action}>
      <div className="audit-row">
        <span className="nowrap">
          <Time iso={row.at} />
        </span>
        <span className="clip">{row.who === '' ? <span className="dim">{t('audit.nobody')}</span> : visible(row.who)}</span>
        <button type="button" className="link-button clip" aria-expanded={isOpen} onClick={onToggle} data-row>
          <ChevronIcon open={isOpen} /> {visible(row.action)}
        </button>
        <span className="clip">{row.object === null ? '' : visible(row.object)}</span>
        <span className="clip dim audit-detail">
          {!row.done && <span className="tag mark-locked">{t('audit.refused')}</span>} {visible(text)}
        </span>
      </div>
      {isOpen && (
        <dl className="pairs self-more">
          <div className="pair">
            <dt>{t('audit.from')}</dt>
            <dd>
              {row.from ?? '–'} {row.by !== null && `(${named(t, 'audit.by', row.by)})`}
            </dd>
          </div>
          <div className="pair">
            <dt>{t('audit.node')}</dt>
            <dd>
              {row.node}, {t('header.epoch', { epoch: row.epoch })}
            </dd>
          </div>
          <div className="pair">
            <dt>{t('audit.detail')}</dt>
            <dd>
              <pre className="audit-json">{visible(JSON.stringify(row.detail, null, 2) ?? '', true)}</pre>
            </dd>
          </div>
        </dl>
      )}
    </li>
  );
}

function useAudit(filter: AuditFilter) {
  const key = auditQuery(filter);
  return useInfiniteQuery({
    queryKey: ['audit', key],
    queryFn: ({ pageParam, signal }) =>
      accessApi.audit(
        auditQuery(filter, { limit: String(PAGE_ROWS), ...(pageParam === null ? {} : { after: pageParam }) }),
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
  });
}

/** Who did what, and what was refused. */
export function AuditPage() {
  const { t, language } = useText();
  const { address, setAddress, put: putParts } = usePageAddress();
  const filter = useMemo(() => auditFilterOf(address), [address]);
  const query = useAudit(filter);
  const [opened, toggle] = useToggled();
  const rows = useMemo(() => (query.data?.pages ?? []).flatMap((page) => page.rows), [query.data]);
  const put = (key: string, value: string) => putParts({ [key]: value }, { replace: true });
  const isFiltered = AUDIT_FIELDS.some((field) => filter[field] !== undefined);
  return (
    <div className="cluster-page" data-testid="audit-page">
      <div className="page-head">
        <h1>{t('audit.title')}</h1>
        <span className="dim tabular" role="status">
          {t('messages.shown', { count: integer(rows.length, language) })}
        </span>
      </div>
      <FilterBar
        error={query.error}
        onClear={isFiltered ? () => setAddress({}, { replace: true }) : null}
        csv={csvOf('/api/v1/audit', auditQuery(filter, { limit: CSV_ROWS }))}
      >
        <Typed
          className="f-facility"
          label={t('audit.who')}
          placeholder={t('audit.whoHint')}
          value={filter.who ?? ''}
          onValue={(value) => put('who', value)}
          testId="audit-who"
        />
        <Typed
          className="f-facility"
          label={t('audit.what')}
          placeholder="setting."
          value={filter.what ?? ''}
          onValue={(value) => put('what', value)}
          testId="audit-what"
        />
        <Typed
          className="f-text"
          label={t('audit.object')}
          placeholder="monitor/ping"
          value={filter.object ?? ''}
          onValue={(value) => put('object', value)}
          testId="audit-object"
        />
        <Select
          size="xs"
          className="f-severity"
          label={t('audit.done')}
          data={[
            { value: '', label: t('messages.any') },
            { value: 'true', label: t('audit.isDone') },
            { value: 'false', label: t('audit.refused') },
          ]}
          value={filter.done ?? ''}
          allowDeselect={false}
          onChange={(value) => put('done', value ?? '')}
          data-testid="audit-done"
        />
        <TextInput
          size="xs"
          type="datetime-local"
          label={t('messages.since')}
          value={filter.from ?? ''}
          onChange={(event) => put('from', event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          type="datetime-local"
          label={t('messages.until')}
          value={filter.to ?? ''}
          onChange={(event) => put('to', event.currentTarget.value)}
        />
        <Button
          size="xs"
          variant="default"
          leftSection={<RefreshIcon />}
          onClick={() => void query.refetch()}
          loading={query.isRefetching}
        >
          {t('messages.refresh')}
        </Button>
      </FilterBar>
      <section className="panel list-panel">
        {query.isPending && query.error === null ? (
          <Loader size="sm" />
        ) : rows.length === 0 ? (
          <p className="empty">{t('audit.empty')}</p>
        ) : (
          <>
            <ColumnHead
              rows="audit-row"
              columns={[t('messages.time'), t('audit.who'), t('audit.what'), t('audit.object'), t('audit.detail')]}
            />
            <ul className="plain-rows" aria-label={t('audit.title')}>
              {rows.map((row) => (
                <Row key={row.id} row={row} isOpen={opened.has(row.id)} onToggle={() => toggle(row.id)} />
              ))}
            </ul>
          </>
        )}
        {query.hasNextPage && (
          <div className="table-foot">
            <MorePages of={query} testId="load-older">
              {t('messages.older')}
            </MorePages>
          </div>
        )}
      </section>
    </div>
  );
}
