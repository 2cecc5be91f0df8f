/** For specs of whoever builds on these hands. */
export { asSuperuser } from './pair.js';
export { eventually, Testbed, type TestNode } from './testbed.js';
