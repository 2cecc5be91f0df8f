import { Alert, Badge, Button, Group, Loader, Modal, Stack, Table, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { MibModuleSummary } from '@yosugara/protocol';
import { useState } from 'react';
import { api } from '../api/client.js';
import { Expander } from '../components/expander.js';
import { MibDetailPanel } from '../components/mib-detail.js';
import { MibUpload } from '../components/mib-upload.js';
import { Time } from '../components/time.js';
import { useCommand } from '../components/use-command.js';
import { useMe } from '../components/use-me.js';
import { useNarrow } from '../components/use-narrow.js';
import { useToggled } from '../components/use-toggled.js';
import { bytes, integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const COLOURS = { compiled: 'teal', waiting: 'yellow', errors: 'red', compiling: 'gray' } as const;
const COLUMNS = ['module', 'state', 'names', 'traps', 'size', 'by', 'when'] as const;

function DeleteDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const { t } = useText();
  const client = useQueryClient();
  const deleting = useCommand({
    mutationFn: async () => await api.deleteMib(name),
    onSuccess: async () => {
      onClose();
      await client.invalidateQueries({ queryKey: ['mibs'] });
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('mibs.deleteTitle', { name })}
      centered
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack data-testid="mib-delete-dialog">
        <Text>{t('mibs.deleteConfirm')}</Text>
        {deleting.error !== null && (
          <Alert color="red" role="alert">
            {t('common.error', { message: deleting.error.message })}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('common.cancel')}
          </Button>
          <Button color="red" loading={deleting.isPending} onClick={() => deleting.mutate()} data-testid="mib-delete-confirm">
            {t('mibs.delete')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

interface RowProps {
  readonly module: MibModuleSummary;
  readonly open: boolean;
  readonly mayAct: boolean;
  readonly onToggle: () => void;
  readonly onDelete: () => void;
}

function Row({ module, open, mayAct, onToggle, onDelete }: RowProps) {
  const { t, language } = useText();
  const { name, state, missing, errors } = module;
  return (
    <>
      <Table.Tr className="mib-row" data-testid="mib-row" data-name={name} data-state={state}>
        <Table.Td>
          <Expander name={name} isOpen={open} onToggle={onToggle} />
        </Table.Td>
        <Table.Td>
          <strong>{visible(name)}</strong>
        </Table.Td>
        <Table.Td>
          <Badge variant="light" color={COLOURS[state]} className={`mib-state mib-state-${state}`}>
            {t(`mibs.state.${state}`)}
          </Badge>{' '}
          {missing.length > 0 && <span className="dim">{t('mibs.wants', { modules: visible(missing.join(', ')) })}</span>}
          {missing.length === 0 && errors > 0 && <span className="dim">{t('mibs.errors', { count: errors })}</span>}
        </Table.Td>
        <Table.Td className="mib-count tabular">{integer(module.objects, language)}</Table.Td>
        <Table.Td className="mib-count tabular">{integer(module.notifications, language)}</Table.Td>
        <Table.Td className="mib-count tabular nowrap">{bytes(module.bytes)}</Table.Td>
        <Table.Td className="mib-by">{visible(module.uploadedBy)}</Table.Td>
        <Table.Td className="mib-at nowrap">
          <Time iso={module.uploadedAt} />
        </Table.Td>
        <Table.Td>
          <Button size="compact-xs" variant="subtle" color="red" disabled={!mayAct} onClick={onDelete} data-testid="mib-delete">
            {t('mibs.delete')}
          </Button>
        </Table.Td>
      </Table.Tr>
      {open && (
        <Table.Tr className="mib-opened">
          <Table.Td />
          <Table.Td colSpan={COLUMNS.length + 1}>
            <MibDetailPanel name={name} />
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

/** MIB modules: what was uploaded, what is wrong in it and where. */
export function MibsPage() {
  const { t } = useText();
  const [opened, toggle] = useToggled();
  const [deleting, setDeleting] = useState<string | null>(null);
  const list = useQuery({
    queryKey: ['mibs'],
    queryFn: ({ signal }) => api.mibs(signal),
    refetchInterval: (query) => (query.state.data?.compiling === true ? 1_000 : 30_000),
  });
  const { may } = useMe();
  const isNarrow = useNarrow();
  const modules = list.data?.modules ?? [];
  return (
    <div className="cluster-page" data-testid="mibs-page">
      <MibUpload mayAct={may('mib', 'add')} />
      <p className="dim">{t('mibs.explain')}</p>
      {list.error !== null && (
        <Alert color="red" role="alert" title={t('mibs.failed')}>
          {list.error.message}
        </Alert>
      )}
      <section className="panel" aria-label={t('mibs.title')}>
        {list.data === undefined && list.error === null && <Loader size="sm" />}
        {list.data !== undefined && modules.length === 0 && <p className="dim">{t('mibs.empty')}</p>}
        {modules.length > 0 && (
          <Table.ScrollContainer minWidth={isNarrow ? 0 : 860}>
            <Table verticalSpacing={6} className="mib-table">
              <Table.Thead>
                <Table.Tr>
                  <Table.Td />
                  {COLUMNS.map((column) => (
                    <Table.Th key={column}>{t(`mibs.${column}`)}</Table.Th>
                  ))}
                  <Table.Td />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {modules.map((module) => (
                  <Row
                    key={module.name}
                    module={module}
                    open={opened.has(module.name)}
                    mayAct={may('mib', 'modify')}
                    onToggle={() => toggle(module.name)}
                    onDelete={() => setDeleting(module.name)}
                  />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
        {list.data !== undefined && <p className="dim small">{t('mibs.builtIn', { modules: list.data.builtIn.join(', ') })}</p>}
      </section>
      {deleting !== null && <DeleteDialog name={deleting} onClose={() => setDeleting(null)} />}
    </div>
  );
}
