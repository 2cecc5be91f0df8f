import { randomBytes } from 'node:crypto';
import { lineOfKey, newKey } from '@yosugara/host-control/keys';
import { STATE_LAYOUT } from '@yosugara/protocol';

/** The first console user. */
export const FIRST_USER = 'admin';

export interface SharedSecrets {
  readonly firstPassword: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The same on every data node: after a take-over the same passwords and sessions must be good. */
export function sharedSecrets(): SharedSecrets {
  const { secrets } = STATE_LAYOUT;
  const password = () => randomBytes(32).toString('base64url');
  const firstPassword = randomBytes(12).toString('base64url');
  return {
    firstPassword,
    files: {
      [secrets.postgresSuperuser]: password(),
      [secrets.postgresReplication]: password(),
      [secrets.postgresManager]: password(),
      [secrets.postgresApp]: password(),
      [secrets.firstLogin]: `${FIRST_USER}:${firstPassword}`,
      [secrets.sessionKey]: randomBytes(32).toString('base64'),
      [secrets.customTrapTokens]: password(),
      [secrets.metricsToken]: password(),
      [secrets.keys]: `# Secrets and journals are encrypted by these keys, the last one by now (docs/secrets.md). Keep a copy elsewhere.\n${lineOfKey(newKey())}\n`,
    },
  };
}
