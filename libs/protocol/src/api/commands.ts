// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
/** Where a POST takes an Idempotency-Key; {} = one part of an address. */
export const COMMAND_PATHS: readonly string[] = [
  '/api/v1/agents/tokens',
  '/api/v1/cluster/fence',
  '/api/v1/cluster/maintenance',
  '/api/v1/cluster/pause',
  '/api/v1/cluster/recover',
  '/api/v1/cluster/switchover',
  '/api/v1/events/changes',
  '/api/v1/job-links',
  '/api/v1/job-sessions/{}/operations',
  '/api/v1/job-units/{}/sessions',
  '/api/v1/notifications/{}/tests',
  '/api/v1/tokens',
  '/api/v1/users',
  '/api/v1/users/{}/reset-password',
  '/api/v1/users/{}/reset-totp',
  '/api/v1/users/{}/unlock',
];
