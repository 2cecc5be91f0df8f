import { Alert, Button, Menu, NumberInput, Text, TextInput } from '@mantine/core';
import type { Status } from '@yosugara/protocol';
import { useState } from 'react';
import { api } from '../api/client.js';
import { upkeepApi } from '../api/upkeep.js';
import { useText } from '../i18n/language.js';
import { switchoverTarget } from './cluster-model.js';
import { CopyCommand } from './copy-command.js';
import { FenceDialog } from './fence-dialog.js';
import { GovernDialog as Dialog } from './govern-dialog.js';
import { MENU } from './menu.js';
import { NodeSelect } from './node-select.js';

type Ask = 'maintenance' | 'pause' | 'drill' | 'fence';

/** How long, and why: what both kinds of standing still ask for. */
function useTerm(byDefault: number) {
  const { t } = useText();
  const [minutes, setMinutes] = useState(byDefault);
  const [why, setWhy] = useState('');
  const fields = (
    <>
      <NumberInput
        label={t('govern.minutes')}
        min={1}
        max={10_080}
        allowDecimal={false}
        value={minutes}
        onChange={(value) => setMinutes(Number(value))}
      />
      <TextInput
        label={t('govern.why')}
        maxLength={200}
        value={why}
        onChange={(event) => setWhy(event.currentTarget.value)}
        data-testid="govern-why"
      />
    </>
  );
  return { minutes, why, fields, isWhole: minutes > 0 && why.trim() !== '' };
}

function MaintenanceDialog({ status, onClose }: { readonly status: Status; readonly onClose: () => void }) {
  const { t } = useText();
  const names = status.nodes.map(({ name }) => name);
  const [node, setNode] = useState(names.find((name) => name !== status.master) ?? '');
  const { minutes, why, fields, isWhole } = useTerm(120);
  return (
    <Dialog
      {...{ onClose, title: t('govern.maintenance'), go: t('govern.begin'), mayGo: isWhole && node !== '' }}
      onGo={async () => await upkeepApi.maintenance({ node, minutes, why })}
    >
      <Text size="sm">{t('govern.maintenanceHint')}</Text>
      <NodeSelect {...{ names, value: node }} onChange={setNode} />
      {node === status.master && <Alert color="yellow">{t('govern.maintenanceOfMaster', { node })}</Alert>}
      {fields}
    </Dialog>
  );
}

function PauseDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useText();
  const { minutes, why, fields, isWhole } = useTerm(30);
  return (
    <Dialog
      {...{ onClose, title: t('govern.pause'), go: t('govern.begin'), mayGo: isWhole }}
      onGo={async () => await upkeepApi.pause({ minutes, why })}
    >
      <Text size="sm">{t('govern.pauseHint')}</Text>
      {fields}
    </Dialog>
  );
}

function DrillDialog({ status, onClose }: { readonly status: Status; readonly onClose: () => void }) {
  const { t } = useText();
  const to = switchoverTarget(status);
  const isWell = to !== null && status.ifMasterDied.failsOver;
  return (
    <Dialog
      {...{ onClose, title: t('govern.drill'), go: t('govern.drillGo'), mayGo: isWell }}
      onGo={async () => await api.switchover({ to: to! })}
    >
      <Text size="sm">{isWell ? t('govern.drillHint', { from: status.master ?? '', to }) : t('govern.drillNot')}</Text>
      <Text size="sm" className="dim">
        {t('govern.drillCommand')}
      </Text>
      <CopyCommand command="yosugara drill --back" testId="drill-command" />
    </Dialog>
  );
}

/** What is done with the cluster on purpose, besides switchover and recover. */
export function Govern({ status, mayAct }: { readonly status: Status; readonly mayAct: boolean }) {
  const { t } = useText();
  const [asking, setAsking] = useState<Ask | null>(null);
  const onClose = () => setAsking(null);
  return (
    <>
      <Menu position="bottom-end" {...MENU}>
        <Menu.Target>
          <Button size="xs" variant="default" disabled={!mayAct} data-testid="govern">
            {t('govern.menu')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(['maintenance', 'pause', 'drill'] as const).map((each) => (
            <Menu.Item key={each} onClick={() => setAsking(each)} data-testid={`govern-${each}`}>
              {t(`govern.${each}`)}…
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item color="red" onClick={() => setAsking('fence')} data-testid="govern-fence">
            {t('govern.fence')}…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asking === 'maintenance' && <MaintenanceDialog {...{ status, onClose }} />}
      {asking === 'pause' && <PauseDialog onClose={onClose} />}
      {asking === 'fence' && <FenceDialog {...{ status, onClose }} />}
      {asking === 'drill' && <DrillDialog {...{ status, onClose }} />}
    </>
  );
}
