import {
  authorityOf,
  certificatePem,
  keyOfRequest,
  keyPem,
  memberCertificate,
  newAuthority,
  newRequest,
} from '@yosugara/connectors/pki';
import type { Maker } from './maker.js';

/** In this process. */
export const MAKER_HERE: Maker = {
  request: async (member) => await newRequest(member),
  sign: async ({ authority, request, member, addresses, lifeMs }) =>
    await memberCertificate(await authorityOf(authority), member, addresses, await keyOfRequest(request), lifeMs),
  authority: async (clusterId) => {
    const made = await newAuthority(clusterId);
    return { key: await keyPem(made.keys), certificate: certificatePem(made.certificate) };
  },
};
