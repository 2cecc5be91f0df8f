import { formerAddress } from '@yosugara/protocol/api';
import { describe, expect, it } from 'vitest';
import { addressOfNow } from './former-addresses.js';

describe('an address of before all lay under /api/v1', () => {
  it.each([
    ['/api/cluster', '/api/v1/cluster'],
    ['/api/cluster/recover', '/api/v1/cluster/recover'],
    ['/api/messages?limit=1', '/api/v1/messages?limit=1'],
    ['/api/me', '/api/v1/me'],
    ['/api/login/oidc/company/callback?code=x', '/api/v1/login/oidc/company/callback?code=x'],
  ])('%s is answered as %s', (former, now) => expect(addressOfNow(former)).toBe(now));
  it.each(['/api/v1/me', '/api/openapi.json', '/api/writes/probe', '/api/meter', '/metrics', '/health', '/x/api/me', '/api'])(
    '%s stays',
    (url) => expect(addressOfNow(url)).toBe(url),
  );
  it('is tried at a manager that knows no other, and only there', () => {
    for (const path of ['/api/v1/cluster', '/api/v1/messages?x=1', '/api/v1/login', '/api/v1/me/totp'])
      expect(addressOfNow(formerAddress(path)!)).toBe(path);
    for (const path of ['/api/v1/cluster/lag', '/api/v1/cluster/fence', '/api/v1/events', '/api/v1/settings/node/me'])
      expect(formerAddress(path)).toBeNull();
  });
});
