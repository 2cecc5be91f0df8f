import { Button, Menu, SegmentedControl } from '@mantine/core';
import type { ComponentProps } from 'react';
import { useText } from '../i18n/language.js';
import { GraphPath } from './job-graph-path.js';
import { Mistakes } from './unit-mistakes.js';
import { JOB_TYPES, pathTo } from './unit-model.js';
import { useMe } from './use-me.js';
import type { UnitEditing } from './use-unit-draft.js';

export const UNIT_TABS = ['graph', 'unit', 'yaml', 'history'] as const;
export type UnitTab = (typeof UNIT_TABS)[number];

interface HeadProps {
  readonly id: string | null;
  readonly editing: UnitEditing;
  /** The jobnet that is seen; '' = the unit itself. */
  readonly within: string;
  readonly mayEdit: boolean;
  readonly onGo: (net: string) => void;
  readonly onStep: (back: boolean) => void;
  readonly onRun: (unit: string) => void;
  readonly onSave: () => void;
}

/** Where one is in the unit, and what is done with the whole of it. */
export function UnitHead({ id, editing, within, mayEdit, onGo, onStep, onRun, onSave }: HeadProps) {
  const { t } = useText();
  const { may } = useMe();
  const { doc } = editing;
  const unit = doc.body;
  return (
    <div className="unit-head">
      <GraphPath unit={doc.id === '' ? t('unit.new') : doc.id} path={pathTo(unit, within)} onGo={onGo} />
      <span className="grow" />
      {editing.isChanged && (
        <span className="unit-changed" data-testid="unit-changed">
          ● {t('unit.unsaved')}
        </span>
      )}
      <Button
        size="compact-sm"
        variant="default"
        disabled={!editing.mayUndo}
        onClick={() => onStep(true)}
        title="Ctrl+Z"
        data-testid="unit-undo"
      >
        {t('unit.undo')}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        disabled={!editing.mayRedo}
        onClick={() => onStep(false)}
        title="Ctrl+Y"
        data-testid="unit-redo"
      >
        {t('unit.redo')}
      </Button>
      {id !== null && may('job', 'execute') && (
        <Button size="compact-sm" variant="default" onClick={() => onRun(doc.id)}>
          {t('jobs.run')}
        </Button>
      )}
      <Button
        size="compact-sm"
        disabled={!mayEdit || !editing.isChanged || editing.theirs !== null || doc.id === ''}
        onClick={onSave}
        data-testid="unit-save-open"
      >
        {t('unit.save')}
      </Button>
    </div>
  );
}

interface BarProps {
  readonly isNew: boolean;
  readonly tab: UnitTab;
  readonly byJob: ComponentProps<typeof Mistakes>['byJob'];
  readonly mayEdit: boolean;
  readonly onTab: (tab: string) => void;
  readonly onAdd: (type: (typeof JOB_TYPES)[number]) => void;
  readonly onMistake: (job: string) => void;
}

/** The parts of a unit, what can be added to its graph, and what is wrong. */
export function UnitBar({ isNew, tab, byJob, mayEdit, onTab, onAdd, onMistake }: BarProps) {
  const { t } = useText();
  return (
    <div className="unit-bar">
      <SegmentedControl
        size="xs"
        aria-label={t('unit.parts')}
        value={tab}
        onChange={onTab}
        data={UNIT_TABS.filter((each) => each !== 'history' || !isNew).map((each) => ({
          value: each,
          label: t(`unit.tab.${each}`),
        }))}
        data-testid="unit-tabs"
      />
      {tab === 'graph' && (
        <>
          <Menu position="bottom-start" withInitialFocusPlaceholder={false}>
            <Menu.Target>
              <Button size="compact-sm" variant="default" disabled={!mayEdit} data-testid="unit-add">
                {t('unit.add')}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {JOB_TYPES.map((type) => (
                <Menu.Item key={type} onClick={() => onAdd(type)} data-testid={`unit-add-${type}`}>
                  {t(`jobType.${type}`)}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          <span className="dim small keys-hint">{t('graph.keys')}</span>
        </>
      )}
      <span className="grow" />
      <Mistakes byJob={byJob} onGo={onMistake} />
    </div>
  );
}
