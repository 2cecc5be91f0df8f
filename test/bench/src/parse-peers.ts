/** Somebody else's parser, from the same bytes. */
export interface PeerParser {
  readonly name: string;
  parse(message: Uint8Array): unknown;
}

type ParseText = (text: string) => unknown;

/** What is installed, best known first. None of them is a dependency of the product. */
const PACKAGES: readonly { readonly name: string; readonly pick: (module: Record<string, unknown>) => ParseText | undefined }[] =
  [
    { name: 'nsyslog-parser', pick: (module) => textParser(module['default'] ?? module) },
    { name: 'glossy', pick: (module) => textParser(inside(module, 'Parse', 'parse')) },
  ];

export async function findPeer(): Promise<PeerParser> {
  for (const { name, pick } of PACKAGES) {
    const module = await installed(name);
    const parse = module === null ? undefined : pick(module);
    if (parse !== undefined) return { name, parse: (message) => parse(textOf(message)) };
  }
  return {
    name: 'stand-in: one regular expression a format (no peer is installed)',
    parse: (message) => regular(textOf(message)),
  };
}

async function installed(name: string): Promise<Record<string, unknown> | null> {
  try {
    return (await import(name)) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function inside(module: Record<string, unknown>, ...path: readonly string[]): unknown {
  let at: unknown = module['default'] ?? module;
  for (const key of path) {
    const next: unknown = (at as Record<string, unknown> | undefined)?.[key];
    at = typeof next === 'function' && key !== path.at(-1) ? next : typeof next === 'function' ? next.bind(at) : next;
  }
  return at;
}

function textParser(value: unknown): ParseText | undefined {
  return typeof value === 'function' ? (value as ParseText) : undefined;
}

function textOf(message: Uint8Array): string {
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('utf8');
}

const RFC5424 = /^<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: (.*))?$/s;
const RFC3164 = /^<(\d{1,3})>([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) (\S+) ([^:[\s]+)(?:\[(\d+)\])?: ?(.*)$/s;
const PARAMETER = /([^\s="\]]+)="((?:[^"\\]|\\.)*)"/g;

/** What one writes in ten minutes: right for messages that are right. */
function regular(text: string): object {
  const long = RFC5424.exec(text);
  if (long !== null) {
    const [, priority, time, host, app, procId, msgId, data, message] = long;
    const structured: Record<string, string> = {};
    for (const [, key, value] of data!.matchAll(PARAMETER)) structured[key!] = value!;
    return { ...heads(priority!), date: new Date(time!), host, app, procId, msgId, structured, message };
  }
  const short = RFC3164.exec(text);
  if (short === null) return { message: text };
  const [, priority, time, host, app, procId, message] = short;
  return { ...heads(priority!), date: new Date(`${time} 2026 UTC`), host, app, procId, message };
}

function heads(priority: string): { readonly facility: number; readonly severity: number } {
  return { facility: Number(priority) >> 3, severity: Number(priority) & 7 };
}
