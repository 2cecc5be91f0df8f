import { Button, Menu } from '@mantine/core';
import { useText } from '../i18n/language.js';

/** How many there are, and a way to each. */
export function Mistakes({
  byJob,
  onGo,
}: {
  readonly byJob: ReadonlyMap<string, readonly { readonly place: string; readonly allowed: string }[]>;
  readonly onGo: (job: string) => void;
}) {
  const { t } = useText();
  const count = [...byJob.values()].reduce((sum, list) => sum + list.length, 0);
  if (count === 0) return <span className="dim small">{t('unit.noMistakes')}</span>;
  return (
    <Menu position="bottom-end" withinPortal withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button size="compact-sm" color="red" variant="light" data-testid="unit-mistakes">
          {t('unit.mistakes', { count })}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className="mistakes-list">
        {[...byJob].flatMap(([job, list]) =>
          list.slice(0, 20).map(({ place, allowed }) => (
            <Menu.Item key={`${job} ${place} ${allowed}`} onClick={() => onGo(job)}>
              <strong>{job === '' ? t('unit.itself') : job}</strong> <code>{place}</code> <span lang="en">{allowed}</span>
            </Menu.Item>
          )),
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
