// `node tools/terraform/schema-of-go.mjs DIR > tools/terraform/openstack-schema.json`: which attributes and blocks the provider's resources take,
// read from the sources of terraform-provider-openstack in DIR. They are literals that gofmt has formatted, one property a line.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What packaging/terraform uses. */
const USED = {
  resources: {
    openstack_networking_secgroup_v2: 'resource_openstack_networking_secgroup_v2.go',
    openstack_networking_secgroup_rule_v2: 'resource_openstack_networking_secgroup_rule_v2.go',
    openstack_networking_port_v2: 'resource_openstack_networking_port_v2.go',
    openstack_compute_instance_v2: 'resource_openstack_compute_instance_v2.go',
  },
  dataSources: { openstack_networking_network_v2: 'data_source_openstack_networking_network_v2.go' },
};
const MAP = /map\[string\]\*schema\.Schema\{$/;
const TYPES = { TypeString: 'string', TypeBool: 'bool', TypeInt: 'number', TypeFloat: 'number' };
const COLLECTIONS = { TypeList: 'list', TypeSet: 'set', TypeMap: 'map' };

const indentOf = (line) => line.length - line.trimStart().length;
/** The lines behind `from` that are further in, up to the one that ends them. */
function inside(lines, from) {
  const indent = indentOf(lines[from]);
  const end = lines.findIndex((line, at) => at > from && line.trim() !== '' && indentOf(line) <= indent);
  return lines.slice(from + 1, end);
}

/** @param lines of a map of schemas. */
function blockOf(lines) {
  const block = { attributes: {}, blocks: {} };
  for (let at = 0; at < lines.length; at += 1) {
    const name = /^\s*"(\w+)": \{$/.exec(lines[at])?.[1];
    if (name === undefined) continue;
    const body = inside(lines, at);
    add(block, name, body);
    at += body.length;
  }
  return block;
}

function add(block, name, body) {
  const own = body.filter((line) => indentOf(line) === indentOf(body[0]));
  const value = (key) =>
    own.map((line) => new RegExp(`^\\s*${key}:\\s+(.*?),?$`).exec(line)?.[1]).find((found) => found !== undefined);
  const is = (key) => value(key) === 'true';
  const how = { required: is('Required'), optional: is('Optional'), computed: is('Computed') };
  const type = value('Type')?.replace('schema.', '');
  const nested = body.findIndex((line) => /^\s*Elem:\s+&schema\.Resource\{$/.test(line));
  if (nested === -1) return void (block.attributes[name] = { type: typeOf(type, name, value('Elem'), body), ...how });
  const from = inside(body, nested);
  const below = blockOf(
    inside(
      from,
      from.findIndex((line) => MAP.test(line)),
    ),
  );
  // As the plugin SDK has it: what is only told is a value, what may be written is a block.
  if (how.computed && !how.optional) block.attributes[name] = { type: [COLLECTIONS[type], objectOf(below)], ...how };
  else
    block.blocks[name] = {
      nesting: COLLECTIONS[type],
      // What is optional may be left out, whatever its least number is.
      min: how.required ? Number(value('MinItems') ?? 1) : 0,
      max: Number(value('MaxItems') ?? 0),
      ...below,
    };
}

function typeOf(type, name, element, body) {
  if (TYPES[type] !== undefined) return TYPES[type];
  if (COLLECTIONS[type] === undefined) throw new Error(`${name}: type ${type} is not known`);
  // A map without one is of strings.
  if (element === undefined) return [COLLECTIONS[type], 'string'];
  const at = body.findIndex((line) => /^\s*Elem:/.test(line));
  const of = /Type:\s+schema\.(\w+)/.exec([body[at], ...inside(body, at)].join('\n'))?.[1];
  // A map within is of strings, as above.
  if (of === 'TypeMap') return [COLLECTIONS[type], ['map', 'string']];
  if (TYPES[of] === undefined) throw new Error(`${name}: elements of ${element} are not known`);
  return [COLLECTIONS[type], TYPES[of]];
}

const objectOf = ({ attributes }) => [
  'object',
  Object.fromEntries(Object.entries(attributes).map(([name, { type }]) => [name, type])),
];

function schemaOf(file) {
  const lines = readFileSync(join(folder, 'openstack', file), 'utf8').split('\n');
  const block = blockOf(
    inside(
      lines,
      lines.findIndex((line) => MAP.test(line)),
    ),
  );
  // Of every resource, by the plugin SDK.
  block.attributes.id ??= { type: 'string', required: false, optional: true, computed: true };
  return block;
}
const schemasOf = (files) => Object.fromEntries(Object.entries(files).map(([name, file]) => [name, schemaOf(file)]));

const folder = process.argv[2];
const commit = execFileSync('git', ['-C', folder, 'describe', '--tags', '--always'], { encoding: 'utf8' }).trim();
const source = `terraform-provider-openstack ${commit}`;
process.stdout.write(
  `${JSON.stringify({ source, provider: schemaOf('provider.go'), resources: schemasOf(USED.resources), dataSources: schemasOf(USED.dataSources) }, null, 2)}\n`,
);
