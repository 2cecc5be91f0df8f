import { isIP } from 'node:net';
import { RESULT_TRAP_OID, type TrapPayload, type TrapVarbind, trapVarbinds } from '@yosugara/operations';
import { type NotificationOf, USUAL_COMMUNITY } from '@yosugara/protocol';
import type { Sent } from '@yosugara/runtime';
import { label } from '../probes/dial.js';
import { Look, ProbeFailure, sentence } from '../probes/look.js';
import { addressOf } from '../probes/names.js';
import { netSnmp } from '../probes/snmp/package.js';
import { accepted, retry, type Sender, type SenderSettings } from './port.js';

/** What else of a session is used here. */
interface Session {
  trap(oid: string, varbinds: object[], options: object, done: (error: Error | null) => void): void;
  inform(oid: string, varbinds: object[], options: object, done: (error: Error | null) => void): void;
  send(request: TrapRequest, noWait: boolean): void;
  on(event: 'error', handler: (error: Error) => void): void;
  close(): void;
}
interface TrapRequest {
  readonly message: {
    readonly msgSecurityParameters?: { msgAuthoritativeEngineBoots: number; msgAuthoritativeEngineTime: number };
  };
}

const AUTH = { md5: 'md5', sha1: 'sha', sha224: 'sha224', sha256: 'sha256', sha384: 'sha384', sha512: 'sha512' } as const;
/** `r`: the key is lengthened by Reeder's draft, as Cisco does; `b`: by Blumenthal's. */
const PRIV = { des: 'des', aes128: 'aes', aes256: 'aes256b', aes256c: 'aes256r' } as const;
/** Boots of our engine grow by one in so many seconds, 12 days. */
const BOOT_SECONDS = 2 ** 20;

/** v2c or v3, plain or as an INFORM, which is answered. */
export function trapSender(settings: SenderSettings): Sender<TrapPayload> {
  return async (payload, told, { deadlineMs, signal }) => {
    const setting = settings.trap(told.notification);
    if (setting === null) return retry(`there is no notification ${told.notification} of the kind trap any more`);
    const look = new Look(deadlineMs, signal);
    try {
      return await send(look, setting, trapVarbinds(payload, told), deadlineMs);
    } catch (error) {
      return retry(sentence(error));
    } finally {
      look.close();
    }
  };
}

async function send(
  look: Look,
  setting: NotificationOf<'trap'>,
  varbinds: readonly TrapVarbind[],
  deadlineMs: number,
): Promise<Sent> {
  const address = await addressOf(look, setting.host);
  const where = label(setting);
  look.doing = setting.inform ? `the answer of ${where} to an INFORM` : `the trap to ${where}`;
  const session = sessionTo(address, setting, deadlineMs);
  look.closes(() => session.close());
  await look.wait(
    new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => reject(new ProbeFailure(`${where}: ${error.message}`, error));
      session.on('error', fail);
      const done = (error: Error | null) => (error === null || error === undefined ? resolve() : fail(error));
      const encoded = varbinds.map(({ oid, type, value }) => ({ oid, type: netSnmp.ObjectType[type], value }));
      const options = { upTime: Math.floor(process.uptime() * 100) };
      if (setting.inform) session.inform(RESULT_TRAP_OID, encoded, options, done);
      else session.trap(RESULT_TRAP_OID, encoded, options, done);
    }),
  );
  return accepted;
}

function sessionTo(address: string, setting: NotificationOf<'trap'>, deadlineMs: number): Session {
  const { port, version, v3, community } = setting;
  const options = {
    ...{ trapPort: port, port, retries: 2, timeout: Math.max(500, Math.floor(deadlineMs / 4)), idBitsSize: 32 },
    transport: isIP(address) === 6 ? 'udp6' : 'udp4',
  };
  if (version === 'v2c' || v3 === null)
    return netSnmp.createSession(address, community ?? USUAL_COMMUNITY, {
      ...options,
      version: netSnmp.Version2c,
    }) as unknown as Session;
  const user = {
    ...{ name: v3.user, level: netSnmp.SecurityLevel[v3.level] },
    ...(v3.level === 'noAuthNoPriv' ? {} : { authProtocol: netSnmp.AuthProtocols[AUTH[v3.auth]], authKey: v3.authSecret ?? '' }),
    ...(v3.level === 'authPriv' ? { privProtocol: netSnmp.PrivProtocols[PRIV[v3.priv]], privKey: v3.privSecret ?? '' } : {}),
  };
  const session = netSnmp.createV3Session(address, user, { ...options, engineID: v3.engineId }) as unknown as Session;
  return setting.inform ? session : withTime(session);
}

/**
 * Of a trap the sender's engine is the authoritative one: receivers remember its boots and time, and drop what is more than 150 s behind (RFC
 * 3414 3.2 7b). The package says 0 and 0 each time, which would be dropped after 150 s. Made of the wall clock they need no memory, and
 * go on after a restart and a take-over as long as the nodes' clocks agree to two minutes.
 */
function withTime(session: Session): Session {
  const send = session.send.bind(session);
  session.send = (request, noWait) => {
    const parameters = request.message.msgSecurityParameters;
    const seconds = Math.floor(Date.now() / 1_000);
    if (parameters !== undefined) {
      parameters.msgAuthoritativeEngineBoots = Math.floor(seconds / BOOT_SECONDS);
      parameters.msgAuthoritativeEngineTime = seconds % BOOT_SECONDS;
    }
    send(request, noWait);
  };
  return session;
}
