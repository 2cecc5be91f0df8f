import { startJolokia, startNginx } from '@yosugara/testkit';
import { ANY, rules, type StandKind, standOf, type Watched, watch } from './stand.js';

const NGINX_SERVER = `location = /up { return 200 "all is well\\n"; }
    location = /login { return 200 "token=abc123\\n"; }
    location = /account { if ($arg_token = "") { return 403; } return 200 "hello $arg_token\\n"; }`;

/** Answers `all is well` at `/up`. */
export const nginxServer = NGINX_SERVER;

export const NGINX: StandKind = {
  name: 'nginx',
  start: async ({ host, certificate }) => {
    const daemons = host.daemons('nginx');
    const { http, https } = await startNginx(daemons, certificate, NGINX_SERVER);
    const page = (path: string) => `http://#[IP_ADDRESS]:${http}${path}`;
    const nginx = (id: string, body: Watched['body']) => watch(id, 'nginx', 'nginx', body);
    const contains = (pattern: string) => [{ pattern, mode: 'contains', priority: 'info' }];
    const pages = [
      {
        ...{ name: 'login', url: page('/login'), rules: contains('token=') },
        variables: [{ name: 'token', pattern: 'token=(\\w+)' }],
      },
      { name: 'account', url: page('/account?token=#[token]'), rules: contains('hello abc123') },
    ];
    return standOf(daemons, [
      nginx('port-tcp', { type: 'port', check: { service: 'tcp', port: http }, numeric: ANY }),
      nginx('http-numeric', { type: 'http-numeric', check: { url: page('/up') }, numeric: ANY }),
      nginx('https-numeric', {
        type: 'http-numeric',
        ...{ check: { url: `https://#[IP_ADDRESS]:${https}/up`, verifyTls: false }, numeric: ANY },
      }),
      nginx('http-string', { type: 'http-string', check: { url: page('/up') }, rules: rules('all is well\n') }),
      nginx('http-scenario', { type: 'http-scenario', check: { pages } }),
    ]);
  },
};

export const JOLOKIA: StandKind = {
  name: 'jolokia',
  start: async ({ host }) => {
    const daemons = host.daemons('jolokia');
    const { port } = await startJolokia(daemons);
    const check = { port, mbean: 'java.lang:type=Memory', attribute: 'HeapMemoryUsage', key: 'used' };
    return standOf(daemons, [watch('jmx', 'Jolokia in Tomcat 9', 'libjolokia-core-java', { type: 'jmx', check, numeric: ANY })]);
  },
};
