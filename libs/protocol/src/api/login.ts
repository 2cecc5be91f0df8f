// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import type { z } from 'zod';
import {
  DoneSchema,
  type LoginSchema,
  LoginWaysSchema,
  MeSchema,
  type PasswordChangeSchema,
  type ProfileChangeSchema,
  type TotpBeginSchema,
  TotpBegunSchema,
  TotpConfirmedSchema,
  type TotpConfirmSchema,
  type TotpDisableSchema,
} from '../index.js';
import { apiCall, type Sent, segment } from './call.js';

/** Needs nobody. */
export const authWays = () => apiCall('GET', '/api/v1/login/ways', LoginWaysSchema);

/** Needs nobody. */
export const authLogin = (body: Sent<z.input<typeof LoginSchema>>) => apiCall('POST', '/api/v1/login', MeSchema, { body });

/** Needs a login. */
export const authLogout = () => apiCall('POST', '/api/v1/logout', DoneSchema);

/** Needs a login. */
export const authMe = () => apiCall('GET', '/api/v1/me', MeSchema);

/** Needs a session. */
export const authProfile = (body: Sent<z.input<typeof ProfileChangeSchema>>) =>
  apiCall('PATCH', '/api/v1/me', MeSchema, { body });

/** Needs a session. */
export const authPassword = (body: Sent<z.input<typeof PasswordChangeSchema>>) =>
  apiCall('POST', '/api/v1/password', DoneSchema, { body });

/** Begins a second factor: nothing is asked for before it is confirmed. Needs a session. */
export const authBeginTotp = (body: Sent<z.input<typeof TotpBeginSchema>>) =>
  apiCall('POST', '/api/v1/me/totp', TotpBegunSchema, { body });

/** Needs a session. */
export const authConfirmTotp = (body: Sent<z.input<typeof TotpConfirmSchema>>) =>
  apiCall('POST', '/api/v1/me/totp/confirm', TotpConfirmedSchema, { body });

/** Needs a session. */
export const authDisableTotp = (body: Sent<z.input<typeof TotpDisableSchema>>) =>
  apiCall('POST', '/api/v1/me/totp/disable', DoneSchema, { body });

/** To the provider. What must come back is in a cookie that only this cluster reads, so that either node goes on. Needs nobody. */
export const oidcBegin = (id: string | number) => `/api/v1/login/oidc/${segment(id)}`;

/** From the provider, with a code. Needs nobody. */
export const oidcFinish = (id: string | number) => `/api/v1/login/oidc/${segment(id)}/callback`;
