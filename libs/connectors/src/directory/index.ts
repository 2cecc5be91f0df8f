export { DirectoryUnavailableError, type ExternalPerson, LdapDirectory, type LdapOptions } from './ldap.js';
export { type OidcAttempt, type OidcOptions, OidcProvider, OidcRefusedError } from './oidc.js';
