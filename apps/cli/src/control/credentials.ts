import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { explain, YosugaraError } from '@yosugara/kernel';

type Env = Readonly<Record<string, string | undefined>>;

/** What a request says about who asks. */
export interface Credentials {
  /** A person's API token, a person's session, or the secret of the host. */
  readonly kind: 'token' | 'session' | 'host';
  readonly headers: Readonly<Record<string, string>>;
}

export const bearer = (token: string, kind: Credentials['kind'] = 'host'): Credentials => ({
  kind,
  headers: { authorization: `Bearer ${token}` },
});
const cookie = (text: string): Credentials => ({ kind: 'session', headers: { cookie: text, 'x-yosugara': '1' } });

const said = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : text);

/**
 * Who asks: YOSUGARA_TOKEN_FILE, else YOSUGARA_TOKEN, else the session of `yosugara login`, else the host's own token. Never from the command line, which everybody on the
 * host can read.
 */
export function credentialsOf(env: Env, place: string, hostToken: string | null): Credentials | null {
  const file = said(env['YOSUGARA_TOKEN_FILE']);
  if (file !== undefined) return bearer(tokenIn(file), 'token');
  const token = said(env['YOSUGARA_TOKEN']);
  if (token !== undefined) return bearer(token, 'token');
  const session = sessionsIn(env)[place];
  if (session !== undefined) return cookie(session);
  return hostToken === null ? null : bearer(hostToken);
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new YosugaraError(
      'BAD_CONFIG',
      `YOSUGARA_TOKEN_FILE: found ${file}, ${explain(error)}; allowed is a file that can be read`,
    );
  }
}

/** Sessions of `yosugara login`, by the place that they are good at. */
function fileOf(env: Env): string {
  const config = said(env['XDG_CONFIG_HOME']) ?? join(said(env['HOME']) ?? homedir(), '.config');
  return join(config, 'yosugara', 'sessions.json');
}

function sessionsIn(env: Env): Readonly<Record<string, string>> {
  const file = fileOf(env);
  if (!existsSync(file)) return {};
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const pairs = Object.entries(typeof found === 'object' && found !== null ? found : {});
    return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
  } catch {
    // Whoever cannot read what was kept is not logged in.
    return {};
  }
}

/** @param session null: logged out */
export function keepSession(env: Env, place: string, session: string | null): void {
  const file = fileOf(env);
  const { [place]: _, ...others } = sessionsIn(env);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(session === null ? others : { ...others, [place]: session }), { mode: 0o600 });
  // One that was there before keeps its mode.
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
