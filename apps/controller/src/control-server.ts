import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { explain, type Log, nodeId, YosugaraError } from '@yosugara/kernel';
import {
  type AgentsTrust,
  type ControlAnswer,
  type ControlRequest,
  ControlRequestSchema,
  ManagerReportSchema,
  ReceiverReportSchema,
  type RoleNotice,
  type Status,
} from '@yosugara/protocol';
import type { ControllerDriver, FencePort } from '@yosugara/runtime';
import type { CertificateDesk } from './certificates/desk.js';

type CertificateRequest = Extract<
  ControlRequest,
  { method: 'certificates' | 'renewCertificates' | 'keepAuthority' | 'rotateAuthority' | 'revokeMember' }
>;

const MAX_LINE_BYTES = 1_048_576;
const MAX_CONNECTIONS = 64;
/** A reader that does not read loses the connection, not our memory. */
const MAX_UNSENT_BYTES = 1_048_576;

/** `<stateDir>/control.sock`: newline JSON, mode 0600; whoever can open it may command (libs/protocol control.ts). */
export class ControlServer {
  readonly #driver: ControllerDriver;
  readonly #log: Log;
  readonly #fence: FencePort | null;
  readonly #certificates: CertificateDesk | null;
  readonly #status: () => Status;
  readonly #server: Server;
  readonly #watchers = new Map<Socket, number>();
  readonly #sockets = new Set<Socket>();
  /** Which connection speaks for the manager and the receiver: when it ends, so does the report. */
  readonly #reporters = new Map<Socket, 'manager' | 'receiver'>();
  #last: RoleNotice | null = null;
  /** As this node's manager told last; null = it is not there, or tells nothing of it. */
  agentsTrust: AgentsTrust | null = null;

  /** @param status the driver's, with what else is known of the cluster. */
  constructor(
    driver: ControllerDriver,
    log: Log,
    fence: FencePort | null = null,
    certificates: CertificateDesk | null = null,
    status: () => Status = () => driver.status(),
  ) {
    this.#status = status;
    this.#driver = driver;
    this.#fence = fence;
    this.#certificates = certificates;
    this.#log = log;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** @throws YosugaraError CONTROL_SOCKET — the path cannot be bound. */
  async listen(path: string): Promise<void> {
    // The consensus directory's lock was taken before: a socket file here is a leftover of a dead process.
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) =>
        reject(new YosugaraError('CONTROL_SOCKET', `cannot open the control socket ${path}`, { cause })),
      );
      this.#server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  }

  notice(notice: RoleNotice): void {
    this.#last = notice;
    for (const [socket, id] of this.#watchers) this.#send(socket, { id, event: notice });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let held = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      held += chunk;
      for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) {
        this.#line(socket, held.slice(0, end));
        held = held.slice(end + 1);
      }
      if (held.length > MAX_LINE_BYTES) socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed(socket));
  }

  #closed(socket: Socket): void {
    this.#sockets.delete(socket);
    this.#watchers.delete(socket);
    const spoke = this.#reporters.get(socket);
    this.#reporters.delete(socket);
    if (spoke === 'manager') {
      this.agentsTrust = null;
      this.#driver.managerReported(null);
    }
    if (spoke === 'receiver') this.#driver.receiverReported(null);
  }

  #line(socket: Socket, line: string): void {
    if (line.trim() === '') return;
    let request: ControlRequest;
    try {
      request = ControlRequestSchema.parse(JSON.parse(line));
    } catch (cause) {
      this.#send(socket, {
        id: 0,
        error: { code: 'INVALID_INPUT', message: `not a control request: ${explain(cause).slice(0, 500)}` },
      });
      return;
    }
    this.#handle(socket, request).catch((cause: unknown) => {
      this.#log.error('control.failed', { method: request.method, why: explain(cause) });
      this.#send(socket, {
        id: request.id,
        error: { code: cause instanceof YosugaraError ? cause.code : 'UNEXPECTED', message: explain(cause) },
      });
    });
  }

  async #handle(socket: Socket, request: ControlRequest): Promise<void> {
    switch (request.method) {
      case 'status':
        this.#send(socket, { id: request.id, result: this.#status() });
        break;
      case 'receivers':
        this.#send(socket, { id: request.id, result: this.#driver.receivers() });
        break;
      case 'watch':
        this.#watchers.set(socket, request.id);
        if (this.#last !== null) this.#send(socket, { id: request.id, event: this.#last });
        break;
      case 'report':
        this.#report(socket, request.report);
        break;
      case 'recover':
        await this.#operate(socket, request.id, {
          kind: 'recover',
          node: request.node === undefined ? null : nodeId(request.node),
          dryRun: request.dryRun ?? false,
          discardUnknown: request.discardUnknown ?? false,
        });
        break;
      case 'switchover':
        await this.#operate(socket, request.id, { kind: 'switchover', to: request.to === undefined ? null : nodeId(request.to) });
        break;
      case 'finishUpgrade':
        await this.#operate(socket, request.id, { kind: 'finishUpgrade' });
        break;
      case 'promote':
        await this.#operate(socket, request.id, {
          kind: 'promote',
          node: request.node === undefined ? null : nodeId(request.node),
          oldMasterIsOff: request.oldMasterIsOff,
          ...(request.by === undefined ? {} : { by: request.by }),
        });
        break;
      case 'pause':
        await this.#operate(socket, request.id, { kind: 'pause', untilWallMs: endOf(request.minutes), why: request.why });
        break;
      case 'maintenance': {
        const { node, minutes, why } = request;
        await this.#operate(socket, request.id, { kind: 'maintenance', node: nodeId(node), untilWallMs: endOf(minutes), why });
        break;
      }
      case 'fence': {
        const { node, why, by = 'an operator', force } = request;
        if (force === true) this.#send(socket, { id: request.id, result: await this.#cutPower(node, by, why) });
        else await this.#operate(socket, request.id, { kind: 'fence', node: nodeId(node), by, why });
        break;
      }
      case 'drPromote':
        await this.#operate(socket, request.id, {
          kind: 'drPromote',
          node: nodeId(request.node),
          evidence: request.evidence,
          by: request.by ?? 'an operator',
          override: request.override ?? false,
        });
        break;
      case 'fenceCheck':
        await this.#checkFence(socket, request.id, request.node);
        break;
      default:
        this.#send(socket, { id: request.id, result: await this.#ofCertificates(request) });
    }
  }

  async #ofCertificates(request: CertificateRequest): Promise<unknown> {
    const desk = this.#certificates;
    if (desk === null) throw new YosugaraError('UNAVAILABLE', 'this controller keeps no certificates');
    switch (request.method) {
      case 'certificates':
        return await desk.list();
      case 'renewCertificates':
        return await desk.renew(request.node);
      case 'keepAuthority':
        return await desk.keep(request.keyFile);
      case 'rotateAuthority':
        return await desk.rotate(request);
      case 'revokeMember':
        return await desk.revoke(request.node, request.by);
    }
  }

  /** Here and now, with the real credentials: the answer takes as long as the slowest device. */
  async #checkFence(socket: Socket, id: number, node: string): Promise<void> {
    const target = this.#fence?.targets.find((known) => known === node);
    if (this.#fence === null || target === undefined) {
      const message = `no power device of ${node} is configured for this member`;
      return this.#send(socket, { id, error: { code: 'UNAVAILABLE', message } });
    }
    const { healthy, offMs, says } = await this.#fence.check(target);
    this.#send(socket, { id, result: { target, by: this.#driver.status().answeredBy, healthy, offMs, ageMs: 0, says } });
  }

  /** An operator's own hand on a device of another member. */
  async #cutPower(node: string, by: string, why: string): Promise<{ readonly message: string }> {
    const { answeredBy, maintenance } = this.#driver.status();
    const target = this.#fence?.targets.find((known) => known === node);
    if (node === answeredBy) throw new YosugaraError('UNAVAILABLE', `${node} does not switch itself off: ask on another node`);
    if (this.#fence === null || target === undefined)
      throw new YosugaraError('UNAVAILABLE', `no power device of ${node} is configured for this member`);
    if (maintenance?.some((entry) => entry.node === node) === true)
      throw new YosugaraError('IN_MAINTENANCE', `${node} is in maintenance: somebody works on it; end that first`);
    this.#log.warn('fence.byHand', { target, by, why });
    const said = await this.#fence.off(target);
    this.#log.warn('fence.byHandSaid', { target, ...said });
    if (said.power !== 'off')
      throw new YosugaraError(
        'FENCE_FAILED',
        `${node} is not known to be off (it reads ${said.power}): ${said.method}: ${said.evidence}`,
      );
    return { message: `${node} is off by ${said.method}: ${said.evidence}` };
  }

  async #operate(socket: Socket, id: number, request: Parameters<ControllerDriver['operate']>[0]): Promise<void> {
    const answer = await this.#driver.operate(request);
    if (answer.ok) this.#send(socket, { id, result: answer });
    else this.#send(socket, { id, error: { code: answer.code ?? 'REFUSED', message: answer.message } });
  }

  #report(socket: Socket, report: unknown): void {
    const manager = ManagerReportSchema.safeParse(report);
    if (manager.success) {
      this.#reporters.set(socket, 'manager');
      this.agentsTrust = manager.data.agentsTrust ?? null;
      this.#driver.managerReported(manager.data);
      return;
    }
    const receiver = ReceiverReportSchema.safeParse(report);
    if (receiver.success) {
      this.#reporters.set(socket, 'receiver');
      this.#driver.receiverReported(receiver.data);
      return;
    }
    this.#log.warn('control.unknownReport', {});
  }

  #send(socket: Socket, answer: ControlAnswer): void {
    if (socket.destroyed) return;
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy();
    else socket.write(`${JSON.stringify(answer)}\n`);
  }
}

/** 0 minutes: it ends now. */
const endOf = (minutes: number): number | null => (minutes === 0 ? null : Date.now() + minutes * 60_000);
