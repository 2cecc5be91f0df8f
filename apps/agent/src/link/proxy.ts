import { readFile } from 'node:fs/promises';
import { BlockList, connect, isIP, type Socket } from 'node:net';
import { askTunnel, basic, hostAndPort, TunnelError } from '@yosugara/connectors/tunnel';
import type { ManagerAddress } from '../identity.js';

/** Of the configuration. */
export interface ProxySettings {
  readonly host: string;
  readonly port: number;
  /** null = it asks for none. */
  readonly login: { readonly user: string; readonly passwordFile: string } | null;
  /** Who is reached without it. */
  readonly except: readonly string[];
}

/** With everything that a proxy does: it dials managers that may be dead. */
const TUNNEL_MS = 10_000;

/** A word of `except` as a question; null = it is none. A name, `.suffix`, an address, or a network. */
export function exceptionOf(word: string): ((host: string) => boolean) | null {
  const [, address, bits] = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(word) ?? [];
  const version = isIP(address ?? '');
  if (address !== undefined && version !== 0) {
    const family = version === 4 ? 'ipv4' : 'ipv6';
    const width = version === 4 ? 32 : 128;
    if (Number(bits ?? width) > width) return null;
    const list = new BlockList();
    list.addSubnet(address, Number(bits ?? width), family);
    return (host) => isIP(host) === version && list.check(host, family);
  }
  const name = word.toLowerCase();
  if (!/^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name)) return null;
  return name.startsWith('.') ? (host) => host.toLowerCase().endsWith(name) : (host) => host.toLowerCase() === name;
}

/** The way to a manager through an HTTP proxy. */
export class ProxyWay {
  readonly #settings: ProxySettings;
  readonly #exceptions: readonly ((host: string) => boolean)[];
  readonly #deadlineMs: number;

  constructor(settings: ProxySettings, deadlineMs = TUNNEL_MS) {
    this.#settings = settings;
    this.#deadlineMs = deadlineMs;
    this.#exceptions = settings.except.flatMap((word) => exceptionOf(word) ?? []);
  }

  leadsTo(host: string): boolean {
    return !this.#exceptions.some((isExcept) => isExcept(host));
  }

  /** A connection to the manager that nothing was said on. @throws TunnelError — with a sentence; or whatever aborted it */
  async open({ host, port }: ManagerAddress, abort: AbortSignal | null = null): Promise<Socket> {
    const { login, ...at } = this.#settings;
    const proxy = hostAndPort(at.host, at.port);
    const target = hostAndPort(host, port);
    const authorization = login === null ? null : basic(login.user, await passwordIn(login.passwordFile));
    abort?.throwIfAborted();
    const socket = connect({ host: at.host, port: at.port, autoSelectFamily: true });
    // For its whole life: whoever has it hears of its end by `close`.
    socket.on('error', () => undefined).setNoDelay(true);
    const end = (error: Error) => socket.destroy(error);
    const silent = () =>
      end(new TunnelError('silent', `the proxy ${proxy} opened no way to ${target} within ${this.#deadlineMs} ms`));
    const timer = setTimeout(silent, this.#deadlineMs);
    const onAbort = () => end(new Error('it is not wanted any more'));
    abort?.addEventListener('abort', onAbort, { once: true });
    try {
      await connected(socket, proxy);
      await askTunnel(socket, { target, proxy, authorization });
      return socket;
    } catch (error) {
      socket.destroy();
      throw error instanceof TunnelError && error.cause instanceof TunnelError ? error.cause : error;
    } finally {
      clearTimeout(timer);
      abort?.removeEventListener('abort', onAbort);
    }
  }
}

async function connected(socket: Socket, proxy: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) =>
      reject(
        error instanceof TunnelError ? error : new TunnelError('gone', `there is no connection to the proxy ${proxy}`, error),
      );
    socket.once('error', fail).once('connect', () => {
      socket.off('error', fail);
      resolve();
    });
  });
}

/** Each time: it may have been changed. */
async function passwordIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new TunnelError('login', 'the password of the proxy cannot be read', error);
  });
  return text.replace(/\r?\n$/, '');
}
