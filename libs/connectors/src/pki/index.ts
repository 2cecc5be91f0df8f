export { type AgentCertificate, authorityOf, authoritySha256, issueAgent } from './agents.js';
export {
  type Authority,
  certificatePem,
  issueMember,
  keyPem,
  memberCertificate,
  newAuthority,
  type Pem,
} from './certificates.js';
export { keyOfRequest, newRequest } from './request.js';
