export { TestAuthority, type TestCertificate } from '@yosugara/testkit';
