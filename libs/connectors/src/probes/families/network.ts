import { type MonitorOf, PORT_SERVICES } from '@yosugara/protocol';
import type { ProbeRequest } from '@yosugara/runtime';
import { type Look, single } from '../look.js';
import { addressOf } from '../names.js';
import { Pinger, type PingerOptions } from '../ping/pinger.js';
import { checkPort } from '../port/check.js';
import { type CurrentAuthorities, type Family, hostOf, nodeOf, tlsFor } from './family.js';

/** Times in ms; `also`: how many per cent did not come back. Of none that came back, the time is the one that was waited. */
export function pingFamily(options: PingerOptions = {}): Family {
  const pinger = new Pinger(options);
  return {
    types: ['ping'],
    // They share processes: what is bounded is those.
    concurrency: 10_000,
    look: async (look, request) => {
      const { count, pauseMs, timeoutMs, bytes } = request.check as MonitorOf<'ping'>['check'];
      const address = await addressOf(look, hostOf(request));
      const { sent, timesMs } = await pinger.ping(look, address, { count, pauseMs, timeoutMs, bytes });
      const number = timesMs.length === 0 ? timeoutMs : timesMs.reduce((sum, ms) => sum + ms, 0) / timesMs.length;
      return single({ kind: 'number', number, also: (100 * (sent - timesMs.length)) / sent });
    },
    close: async () => await pinger.close(),
  };
}

export function portFamily(authorities: CurrentAuthorities): Family {
  return {
    types: ['port'],
    // Those that are silent must not hold up the others.
    concurrency: 1_000,
    look: async (look, request) => single(await port(look, request, authorities)),
  };
}

async function port(look: Look, request: ProbeRequest, authorities: CurrentAuthorities) {
  const check = request.check as MonitorOf<'port'>['check'];
  const node = nodeOf(request);
  return await checkPort(look, {
    service: check.service,
    target: { host: hostOf(request), port: check.port ?? PORT_SERVICES[check.service] },
    ...{ count: check.count, intervalMs: check.pauseMs, timeoutMs: check.timeoutMs },
    tls: tlsFor(request, check.verifyTls, authorities),
    question: { name: check.query === '' ? (node?.hostNames[0] ?? node?.name ?? '') : check.query, type: 'A' },
  });
}
