import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SILENT_LOG } from '@yosugara/kernel';
import { AccessSchema } from '@yosugara/protocol';
import { SettingsTimes } from '@yosugara/runtime';
import { hostClock } from '../clock.js';
import { Authority } from '../control/authority.js';
import { Counted } from '../ingest/counted.js';
import type { IngestTracer } from '../ingest/trace.js';
import { Lifecycle } from '../lifecycle.js';
import { StoredRows } from '../messages/stored-rows.js';
import { MibLibrary } from '../mibs/mib-library.js';
import { MibNames } from '../mibs/mib-names.js';
import { StoredOperations } from '../operations/stored-operations.js';
import { SelfHandle } from '../self/self-handle.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { createApp } from './app.js';

/** The API with nobody behind it, neither database nor controller: to be asked what routes it has. */
export async function bareApp(): Promise<NestFastifyApplication> {
  const authority = new Authority(hostClock);
  const store = {} as ManagerStore;
  const nothing = () => undefined;
  const noIngest = async () => ({ behind: () => 0, stop: async () => undefined, failure: () => null });
  const lifecycle = new Lifecycle({
    ...{ authority, store, startIngest: noIngest, onStored: nothing, firstLogin: null },
    ...{ log: SILENT_LOG, onOff: nothing, onChange: nothing },
  });
  const settings = {
    node: 'a',
    sessionKey: Buffer.alloc(32),
    probeToken: null,
    metricsToken: null,
    dataNodes: ['a', 'b'],
    staticDir: import.meta.dirname,
    loginsPerMinute: 1,
    others: [],
    clusterId: 'none',
    access: AccessSchema.parse({}),
  };
  const names = new MibNames(store.mibs, SILENT_LOG);
  const library = new MibLibrary({
    tables: store.mibs,
    names,
    authority,
    isReady: () => false,
    clock: hostClock,
    log: SILENT_LOG,
  });
  const liveSettings = new LiveSettings(store.settings, SILENT_LOG);
  return await createApp({
    ...{
      store,
      stored: new StoredRows(),
      counted: new Counted(),
      tracer: {} as IngestTracer,
      authority,
      lifecycle,
      settings,
      operations: { stored: new StoredOperations(), stats: () => null },
      self: new SelfHandle(async () => []),
      mibs: { names, library },
      liveSettings,
    },
    ...{ times: new SettingsTimes(liveSettings.snapshot), retention: { rules: {} as never, cleaner: {} as never } },
    ...{ askController: async () => null, clock: hostClock, log: SILENT_LOG },
  });
}
