import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

/** Notes the id of each request that it answers with 200: rest-sink.js <address> <port> <file>. */
const [address = '', port = '', file = ''] = process.argv.slice(2);

createServer((request, response) => {
  request.resume().on('end', () => {
    appendFileSync(file, `${request.headers['idempotency-key'] ?? '-'}\n`);
    response.end('ok');
  });
}).listen(Number(port), address);
