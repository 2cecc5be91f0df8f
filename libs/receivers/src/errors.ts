import { YosugaraError } from '@yosugara/kernel';

/** Another program listens there. */
export class PortInUseError extends YosugaraError {
  override readonly name = 'PortInUseError';
  constructor(protocol: 'udp' | 'tcp', address: string, port: number, cause: unknown) {
    super('PORT_IN_USE', `cannot listen on ${address} port ${port}/${protocol}: another program does`, { cause });
  }
}

export class ListenError extends YosugaraError {
  override readonly name = 'ListenError';
  constructor(protocol: 'udp' | 'tcp', address: string, port: number, cause: unknown) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    super('LISTEN_FAILED', `cannot listen on ${address} port ${port}/${protocol}: ${why}`, { cause });
  }
}

export function listenError(protocol: 'udp' | 'tcp', address: string, port: number, cause: unknown): YosugaraError {
  const busy = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  return busy ? new PortInUseError(protocol, address, port, cause) : new ListenError(protocol, address, port, cause);
}

export class PeerLinkError extends YosugaraError {
  override readonly name = 'PeerLinkError';
  constructor(why: string, cause?: unknown) {
    super('PEER_LINK', `link to the peer's receiver: ${why}`, { cause });
  }
}
