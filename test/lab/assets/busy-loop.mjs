// An endless loop in a running Node process: its inspector is opened (SIGUSR1) and evaluates one.
const pid = Number(process.argv[2]);
const before = new Set(await inspectors());
process.kill(pid, 'SIGUSR1');
const endMs = Date.now() + 8_000;
let url;
while (url === undefined && Date.now() < endMs) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  url = (await inspectors()).find((found) => !before.has(found));
}
if (url === undefined) throw new Error(`process ${pid} opened no inspector`);
const socket = new WebSocket(url);
await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: 'for (;;) {}' } }));
await new Promise((resolve) => setTimeout(resolve, 300));
process.exit(0);

async function inspectors() {
  try {
    const answer = await fetch('http://127.0.0.1:9229/json', { signal: AbortSignal.timeout(500) });
    return (await answer.json()).map((target) => target.webSocketDebuggerUrl);
  } catch {
    return [];
  }
}
