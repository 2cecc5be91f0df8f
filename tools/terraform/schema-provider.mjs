// A provider that only knows its schema, for `terraform validate` where the real one cannot be had: it is told of by TF_REATTACH_PROVIDERS, and says
// nothing of values. Terraform's plugin protocol 5 (tfplugin5.proto) over gRPC is HTTP/2 and a few fields of protobuf: written out here.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NESTING = { list: 2, set: 3 };
const UNIMPLEMENTED = '12';

function varint(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
const number = (field, value) => Buffer.concat([varint(field * 8), varint(Number(value))]);
function bytes(field, value) {
  const content = Buffer.from(value);
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

const attributeOf = ([name, { type, required, optional, computed }]) =>
  Buffer.concat([bytes(1, name), bytes(2, JSON.stringify(type)), number(4, required), number(5, optional), number(6, computed)]);
const nestedOf = ([name, { nesting, min, max, ...block }]) =>
  Buffer.concat([bytes(1, name), bytes(2, blockOf(block)), number(3, NESTING[nesting]), number(4, min), number(5, max)]);
const blockOf = ({ attributes, blocks }) =>
  Buffer.concat([
    ...Object.entries(attributes).map((each) => bytes(2, attributeOf(each))),
    ...Object.entries(blocks).map((each) => bytes(3, nestedOf(each))),
  ]);
const schemaOf = (block) => bytes(2, blockOf(block));
const mapOf = (field, blocks) =>
  Object.entries(blocks).map(([name, block]) => bytes(field, Buffer.concat([bytes(1, name), bytes(2, schemaOf(block))])));

/** What the methods that validating needs answer; no diagnostics: all is well. */
const answersOf = ({ provider, resources, dataSources }) => ({
  '/tfplugin5.Provider/GetSchema': () =>
    Buffer.concat([bytes(1, schemaOf(provider)), ...mapOf(2, resources), ...mapOf(3, dataSources)]),
  // The configuration comes back as it is: the same field in question and answer.
  '/tfplugin5.Provider/PrepareProviderConfig': (asked) => asked,
  '/tfplugin5.Provider/ValidateResourceTypeConfig': () => Buffer.alloc(0),
  '/tfplugin5.Provider/ValidateDataSourceConfig': () => Buffer.alloc(0),
  '/tfplugin5.Provider/Stop': () => Buffer.alloc(0),
});

function answer(stream, answers, path, question) {
  // Its streams of output and of brokers are open until terraform leaves.
  if (stream.destroyed) return;
  const method = answers[path];
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': method === undefined ? UNIMPLEMENTED : '0' }));
  if (method === undefined) return void stream.end();
  // A message is a byte (not compressed), its length in four, and itself.
  const said = method(question.subarray(5));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(said.length, 1);
  stream.end(Buffer.concat([head, said]));
}

/** @returns what belongs into the environment of terraform, and how it ends. */
export async function startSchemaProvider(name, schema) {
  const folder = mkdtempSync(join(tmpdir(), 'yosugara-terraform-'));
  const socket = join(folder, 'provider.sock');
  const answers = answersOf(schema);
  const sessions = new Set();
  const server = createServer();
  server.on('session', (session) => sessions.add(session.on('error', () => session.destroy())));
  server.on('stream', (stream, headers) => {
    const parts = [];
    stream.on('error', () => stream.destroy());
    stream.on('data', (part) => parts.push(part));
    stream.on('end', () => answer(stream, answers, headers[':path'], Buffer.concat(parts)));
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(socket, resolve));
  const attach = {
    Protocol: 'grpc',
    ProtocolVersion: 5,
    Pid: process.pid,
    Test: true,
    Addr: { Network: 'unix', String: socket },
  };
  return {
    env: { TF_REATTACH_PROVIDERS: JSON.stringify({ [name]: attach }) },
    close: async () => {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
