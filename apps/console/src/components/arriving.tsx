import { Button, Loader } from '@mantine/core';
import { type ComponentType, type ReactNode, useEffect, useState } from 'react';
import { type ArrivalPorts, arrived } from '../api/arrival.js';
import { useText } from '../i18n/language.js';

/** So long everybody waits for a page without wondering. */
const SAID_AFTER_MS = 1_500;
const SERVED_DEADLINE_MS = 2_000;
const RELOADED = 'yosugara.reloaded';

/** Those that pause before the next try. */
const pausing = new Set<() => void>();

function pressed(): void {
  for (const press of [...pausing]) press();
}

const ports: ArrivalPorts = {
  isServed: async () =>
    await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(SERVED_DEADLINE_MS) }).then(
      ({ ok }) => ok,
      () => false,
    ),
  reload: () => {
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  },
  lastReloadAtMs: () => Number(sessionStorage.getItem(RELOADED)) || null,
  nowMs: () => Date.now(),
  pause: async (ms) =>
    await new Promise((resolve) => {
      const end = (isAsked: boolean) => {
        pausing.delete(press);
        clearTimeout(timer);
        resolve(isAsked);
      };
      const press = () => end(true);
      const timer = setTimeout(() => end(false), ms);
      pausing.add(press);
    }),
  after: async (ms) => await new Promise((resolve) => setTimeout(() => resolve(null), ms)),
};

type Load<Module> = () => Promise<Module>;

const AHEAD: (() => void)[] = [];

/**
 * A component whose program comes when it is wanted, or when nothing else is to do (`loadAll`). Not by React's `lazy` and `Suspense`: in a change of the page
 * they keep the page before in its place for as long as the program does not come, and what they once showed instead stays for 300 ms.
 *
 * @param meanwhile what is seen for as long as it does not come.
 */
export function later<Props extends object, Name extends string>(
  load: Load<Record<Name, ComponentType<Props>>>,
  name: Name,
  meanwhile: ReactNode = <OnItsWay />,
) {
  let here: ComponentType<Props> | null = null;
  let coming: Promise<void> | null = null;
  const came = (module: Record<Name, ComponentType<Props>>) => {
    here = module[name];
  };
  const ahead = () => void load().then(came, () => undefined);
  AHEAD.push(ahead);
  function Later(props: Props) {
    const [Program, setProgram] = useState(() => here);
    const isMissing = Program === null;
    useEffect(() => {
      if (!isMissing) return;
      let isLeft = false;
      coming ??= arrived(load, ports).then(came);
      void coming.then(() => isLeft || setProgram(() => here));
      return () => {
        isLeft = true;
      };
    }, [isMissing]);
    return Program === null ? meanwhile : <Program {...props} />;
  }
  return Object.assign(Later, { ahead });
}

export function loadAll(): void {
  for (const ahead of AHEAD) ahead();
}

/** In place of a page whose program is not there yet. */
export function OnItsWay() {
  const { t } = useText();
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SAID_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isLate) return <Loader size="sm" />;
  return (
    <div role="status" className="page-late" data-testid="page-late">
      <Loader size="sm" />
      <h1>{t('app.pageLate')}</h1>
      <Button variant="default" size="sm" onClick={pressed} data-testid="page-late-again">
        {t('common.retry')}
      </Button>
    </div>
  );
}
