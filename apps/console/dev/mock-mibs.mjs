// MIB modules of a made-up cluster: enough to look at the page.
const summary = (name, more = {}) => ({
  ...{
    name,
    file: `${name}.my`,
    bytes: 18_211,
    digest: '9f'.repeat(32),
    uploadedBy: 'operator',
    uploadedAt: '2026-11-21T03:04:05.000Z',
  },
  ...{ state: 'compiled', missing: [], objects: 214, notifications: 12, errors: 0, warnings: 0 },
  ...more,
});
const problems = new Map([
  ['SWITCH-FAN-MIB', [{ line: 212, severity: 'error', message: 'fanSpeed hangs below fanEntrry, which is not defined' }]],
  [
    'CORP-PRODUCTS-MIB',
    [
      {
        line: 9,
        severity: 'error',
        message:
          'CORP-PRODUCTS-MIB wants CORP-SMI, which is not here: corpProducts and whatever else it takes from there stays unknown',
      },
    ],
  ],
]);
const modules = new Map(
  [
    summary('CORP-PRODUCTS-MIB', { state: 'waiting', missing: ['CORP-SMI'], objects: 0, notifications: 0, errors: 1 }),
    summary('SWITCH-FAN-MIB', { state: 'errors', errors: 1, objects: 44, notifications: 3 }),
    summary('UPS-MIB', { bytes: 61_012, objects: 133, notifications: 4 }),
    summary('VENDOR-SMI', { bytes: 3_401, objects: 7, notifications: 0, uploadedBy: 'root' }),
  ].map((module) => [module.name, module]),
);

export const listMibs = () => ({
  modules: [...modules.values()],
  builtIn: [
    'HCNUM-TC',
    'IF-MIB',
    'INET-ADDRESS-MIB',
    'RFC1213-MIB',
    'SNMP-FRAMEWORK-MIB',
    'SNMPv2-MIB',
    'SNMPv2-SMI',
    'SNMPv2-TC',
  ],
  compiling: false,
});

export const showMib = (name) => ({
  ...(modules.get(name) ?? summary(name)),
  ...{ imports: ['SNMPv2-SMI', 'SNMPv2-TC'], importedBy: name === 'VENDOR-SMI' ? ['SWITCH-FAN-MIB'] : [] },
  problems: problems.get(name) ?? [],
  traps: [
    { oid: '1.3.6.1.4.1.32473.7.0.1', name: 'fanFailed', objects: ['fanIndex', 'fanState'], description: 'A fan stands still.' },
    { oid: '1.3.6.1.4.1.32473.7.0.2', name: 'fanReturned', objects: ['fanIndex'], description: null },
  ],
});

export function uploadMibs(files) {
  const refused = [];
  const taken = [];
  for (const { name, text } of files) {
    const found = /([A-Za-z][\w-]*)\s+DEFINITIONS/.exec(text)?.[1];
    if (found === undefined)
      refused.push({ file: name, problems: [{ line: 1, severity: 'error', message: 'there is no module in this file' }] });
    else {
      modules.set(found, summary(found, { file: name, bytes: text.length, uploadedAt: new Date().toISOString() }));
      taken.push({ ...modules.get(found), problems: [] });
    }
  }
  return { modules: taken, completed: [], refused, compiled: true };
}

export function deleteMib(name) {
  if (name === 'VENDOR-SMI')
    return [409, { code: 'MIB_IN_USE', message: 'VENDOR-SMI is imported by SWITCH-FAN-MIB: delete that first' }];
  modules.delete(name);
  return [200, { ok: true }];
}
