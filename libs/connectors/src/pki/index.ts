export { type AgentCertificate, authorityOf, authoritySha256, issueAgent } from './agents.js';
export { type Authority, certificatePem, issueMember, keyPem, newAuthority, type Pem } from './certificates.js';
export { newRequest } from './request.js';
