import { Alert, Text, TextInput } from '@mantine/core';
import type { Status } from '@yosugara/protocol';
import { useState } from 'react';
import { upkeepApi } from '../api/upkeep.js';
import { useText } from '../i18n/language.js';
import { CopyCommand } from './copy-command.js';
import { GovernDialog } from './govern-dialog.js';
import { NodeSelect } from './node-select.js';

/** Whose power can be cut at all. */
const withDevices = (status: Status): readonly string[] => [...new Set((status.fence ?? []).map(({ target }) => target))].sort();

/** The power of a node is cut by an operator: its name is typed, as nothing of it can be taken back. */
export function FenceDialog({ status, onClose }: { readonly status: Status; readonly onClose: () => void }) {
  const { t } = useText();
  const names = withDevices(status);
  const [node, setNode] = useState(names.find((name) => name !== status.master) ?? names[0] ?? '');
  const [why, setWhy] = useState('');
  const [typed, setTyped] = useState('');
  return (
    <GovernDialog
      {...{ onClose, title: t('govern.fence'), go: t('govern.fenceGo'), isGrave: true }}
      mayGo={node !== '' && typed === node && why.trim() !== ''}
      onGo={async () => await upkeepApi.fence({ node, why })}
    >
      <Text size="sm">{t(names.length === 0 ? 'govern.fenceNone' : 'govern.fenceHint')}</Text>
      <NodeSelect {...{ names, value: node }} onChange={setNode} />
      {node !== '' && node === status.master && <Alert color="yellow">{t('govern.fenceMaster', { node })}</Alert>}
      <TextInput
        label={t('govern.why')}
        maxLength={200}
        value={why}
        onChange={(event) => setWhy(event.currentTarget.value)}
        data-testid="govern-why"
      />
      <TextInput
        label={t('govern.fenceType', { node })}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        data-testid="govern-fence-name"
      />
      <Text size="sm" className="dim">
        {t('govern.fenceForce')}
      </Text>
      <CopyCommand
        command={`yosugara fence off ${node} --why '…' --yes-cut-power ${node} --even-if-nobody-serves`}
        testId="fence-command"
      />
    </GovernDialog>
  );
}
