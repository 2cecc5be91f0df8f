import { connect } from 'node:net';
import { DeadlineError, YosugaraError } from '@yosugara/kernel';
import { type Status, StatusSchema } from '@yosugara/protocol';

const DEADLINE_MS = 2_000;

/**
 * Asks a controller's socket for its status. The same answer as `yosugara status --json`, without starting a program ten
 * times a second on a machine whose cores the cluster needs.
 */
export function askStatus(socketPath: string): Promise<Status> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let text = '';
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(new DeadlineError(socketPath, DEADLINE_MS))), DEADLINE_MS);
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(`${JSON.stringify({ id: 1, method: 'status' })}\n`));
    socket.once('error', (cause) =>
      end(() => reject(new YosugaraError('NO_CONTROLLER', `${socketPath}: ${cause.message}`, { cause }))),
    );
    socket.once('close', () => end(() => reject(new YosugaraError('NO_CONTROLLER', `${socketPath}: closed without an answer`))));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) end(() => settle(text.split('\n', 1)[0] ?? '', resolve, reject));
    });
  });
}

function settle(line: string, resolve: (status: Status) => void, reject: (error: unknown) => void): void {
  try {
    resolve(StatusSchema.parse((JSON.parse(line) as { result?: unknown }).result));
  } catch (error) {
    reject(error);
  }
}
