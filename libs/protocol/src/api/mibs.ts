// Made from the API's OpenAPI document: do not edit. YOSUGARA_WRITE_DOCS=1 npx vitest run apps/manager/src/http/api-client.spec.ts writes it.
import { DoneSchema, MibDetailSchema, MibListSchema, MibLookupSchema, MibUploadedSchema } from '../index.js';
import { apiCall, type Query, segment } from './call.js';

/** Needs mib: read. */
export const mibsList = () => apiCall('GET', '/api/v1/mibs', MibListSchema);

/** Modules of the same name are replaced. What could not be understood is told with its line, and the rest of it counts. Needs mib: add. */
export const mibsUpload = (body: {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly by?: string | undefined;
}) => apiCall('POST', '/api/v1/mibs', MibUploadedSchema, { body });

export interface MibsLookUpQuery {
  readonly oid: string;
}
/** What an OID is called, or which OID a name has. Needs mib: read. */
export const mibsLookUp = (query: Query<MibsLookUpQuery>) => apiCall('GET', '/api/v1/mibs/lookup', MibLookupSchema, { query });

/** Needs mib: read. */
export const mibsShow = (name: string | number) => apiCall('GET', `/api/v1/mibs/${segment(name)}`, MibDetailSchema);

/** The text as it was uploaded. Needs mib: read. */
export const mibsSource = (name: string | number) => `/api/v1/mibs/${segment(name)}/source`;

export interface MibsRemoveQuery {
  readonly by?: string | undefined;
}
/** 409 while other modules import from it; they are named. Needs mib: modify. */
export const mibsRemove = (name: string | number, query: Query<MibsRemoveQuery> = {}) =>
  apiCall('DELETE', `/api/v1/mibs/${segment(name)}`, DoneSchema, { query });
