import { YosugaraError } from '@yosugara/kernel';
import type { OidcConfig } from '@yosugara/protocol';
import * as client from 'openid-client';
import { DirectoryUnavailableError, type ExternalPerson } from './ldap.js';

/** What the browser must bring back with it. */
export interface OidcAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface OidcOptions {
  readonly config: OidcConfig;
  readonly clientSecret: string | null;
}

/** It says that somebody may not come in, or that answer was not to our question. */
export class OidcRefusedError extends YosugaraError {
  override readonly name = 'OidcRefusedError';
  constructor(cause: unknown) {
    super('OIDC_REFUSED', 'the provider did not say who it is', { cause });
  }
}

/** A provider of OpenID Connect: authorization code with PKCE, whatever else it offers. */
export class OidcProvider {
  readonly #o: OidcOptions;
  #known: Promise<client.Configuration> | null = null;

  constructor(options: OidcOptions) {
    this.#o = options;
  }

  get callback(): string {
    const { publicUrl, id } = this.#o.config;
    return `${publicUrl.replace(/\/+$/, '')}/api/login/oidc/${id}/callback`;
  }

  /** Where the browser goes. @throws DirectoryUnavailableError */
  async begin(): Promise<{ readonly url: string; readonly attempt: OidcAttempt }> {
    const known = await this.#discovered();
    const attempt = { state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier() };
    const url = client.buildAuthorizationUrl(known, {
      redirect_uri: this.callback,
      scope: this.#o.config.scopes.join(' '),
      code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
      ...{ state: attempt.state, nonce: attempt.nonce },
    });
    return { url: url.href, attempt };
  }

  /** @param query of the address that the browser came back to. @throws OidcRefusedError, DirectoryUnavailableError */
  async finish(query: string, { state, nonce, verifier }: OidcAttempt): Promise<ExternalPerson> {
    const known = await this.#discovered();
    const { id, loginClaim, groupsClaim } = this.#o.config;
    try {
      const tokens = await client.authorizationCodeGrant(known, new URL(`${this.callback}?${query}`), {
        ...{ pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
      });
      const said = tokens.claims();
      if (said === undefined) throw new Error('no ID token');
      // What a provider leaves out of its token it may tell when asked.
      const isMore = said[loginClaim] === undefined || said[groupsClaim] === undefined;
      const more = isMore && known.serverMetadata().userinfo_endpoint !== undefined;
      const claims = more ? { ...said, ...(await client.fetchUserInfo(known, tokens.access_token, said.sub)) } : said;
      const login = claims[loginClaim];
      if (typeof login !== 'string') throw new Error(`no claim ${loginClaim}`);
      const groups = claims[groupsClaim];
      return {
        // Two providers may know somebody by the same number.
        ...{ provider: id, externalId: `${id}|${said.sub}`, login },
        ...{ name: textOf(claims['name']), mail: claims['email_verified'] === false ? '' : textOf(claims['email']) },
        groups: Array.isArray(groups) ? groups.filter((each) => typeof each === 'string') : [],
      };
    } catch (error) {
      throw new OidcRefusedError(error);
    }
  }

  async #discovered(): Promise<client.Configuration> {
    const { issuer, clientId, allowInsecure, timeoutMs } = this.#o.config;
    const { clientSecret } = this.#o;
    this.#known ??= client.discovery(
      new URL(issuer),
      clientId,
      clientSecret ?? undefined,
      clientSecret === null ? client.None() : undefined,
      { timeout: Math.ceil(timeoutMs / 1_000), ...(allowInsecure ? { execute: [client.allowInsecureRequests] } : {}) },
    );
    try {
      return await this.#known;
    } catch (error) {
      // Whoever asks next asks again.
      this.#known = null;
      throw new DirectoryUnavailableError('the OpenID provider', error);
    }
  }
}

const textOf = (claim: unknown): string => (typeof claim === 'string' ? claim : '');
