import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Daemons, findSystemProgram } from './daemons.js';
import { freePort } from './ports.js';

const JARS = '/usr/share/java';
/** Debian's Jolokia (libjolokia-core-java) in Debian's Tomcat (libtomcat9-java). */
const PARTS = [
  ...['catalina', 'coyote', 'util', 'util-scan', 'juli', 'api', 'annotations-api', 'servlet-api', 'el-api', 'jsp-api', 'jni'].map(
    (part) => `tomcat9-${part}`,
  ),
  ...['tomcat9-jaspic-api', 'jolokia-core', 'json-simple'],
].map((name) => `${JARS}/${name}.jar`);

export const hasJolokia = (): boolean => findSystemProgram('java') !== null && PARTS.every((jar) => existsSync(jar));

const NAMESPACE = 'xmlns="http://xmlns.jcp.org/xml/ns/javaee" version="4.0" metadata-complete="true"';

/** A Java program whose beans Jolokia shows at `/jolokia`: Tomcat itself. @param login that a client must have; null = anybody may ask. */
export async function startJolokia(
  daemons: Daemons,
  login: { readonly user: string; readonly password: string } | null = null,
): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  const port = await freePort();
  for (const folder of ['conf', 'temp', 'logs', 'webapps/jolokia/WEB-INF'])
    mkdirSync(join(daemons.dir, folder), { recursive: true });
  const realm = '<Realm className="org.apache.catalina.realm.MemoryRealm"/>';
  daemons.write(
    'conf/server.xml',
    `<Server port="-1"><Service name="Catalina"><Connector port="${port}" address="${daemons.address}"/>
<Engine name="Catalina" defaultHost="localhost">${login === null ? '' : realm}
<Host name="localhost" appBase="webapps" autoDeploy="false" deployOnStartup="false"><Context path="/jolokia" docBase="jolokia"/></Host>
</Engine></Service></Server>
`,
  );
  const users = login === null ? '' : `<user username="${login.user}" password="${login.password}" roles="jmx"/>`;
  daemons.write('conf/tomcat-users.xml', `<tomcat-users>${users}</tomcat-users>\n`);
  const constraint = `<security-constraint><web-resource-collection><web-resource-name>all</web-resource-name><url-pattern>/*</url-pattern></web-resource-collection>
<auth-constraint><role-name>jmx</role-name></auth-constraint></security-constraint>
<login-config><auth-method>BASIC</auth-method></login-config><security-role><role-name>jmx</role-name></security-role>`;
  daemons.write(
    'webapps/jolokia/WEB-INF/web.xml',
    `<web-app ${NAMESPACE}><servlet><servlet-name>jolokia</servlet-name><servlet-class>org.jolokia.http.AgentServlet</servlet-class></servlet>
<servlet-mapping><servlet-name>jolokia</servlet-name><url-pattern>/*</url-pattern></servlet-mapping>
${login === null ? '' : constraint}
</web-app>
`,
  );
  const memory = ['-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const base = [`-Dcatalina.base=${daemons.dir}`, `-Dcatalina.home=${daemons.dir}`, `-Djava.io.tmpdir=${daemons.dir}/temp`];
  const args = [...memory, ...base, '-cp', PARTS.join(':'), 'org.apache.catalina.startup.Bootstrap', 'start'];
  const child = await daemons.start({ program: findSystemProgram('java')!, args, ready: [port] });
  return { port, child };
}
