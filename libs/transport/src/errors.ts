import { YosugaraError } from '@yosugara/kernel';

/** Something else listens there already: most likely a second controller. */
export class PortBusyError extends YosugaraError {
  override readonly name = 'PortBusyError';
  readonly address: string;
  readonly port: number;
  constructor(address: string, port: number, cause: unknown) {
    super('TRANSPORT_PORT_BUSY', `cannot listen on ${address} port ${port}: the port is in use`, { cause });
    this.address = address;
    this.port = port;
  }
}

/** The address is not on this host, or may not be used. */
export class ListenError extends YosugaraError {
  override readonly name = 'ListenError';
  constructor(address: string, port: number, cause: unknown) {
    super('TRANSPORT_LISTEN', `cannot listen on ${address} port ${port}`, { cause });
  }
}

/** A key or a peer id that is not what we make: ed25519, 32 bytes. */
export class IdentityError extends YosugaraError {
  override readonly name = 'IdentityError';
  constructor(why: string) {
    super('TRANSPORT_IDENTITY', why);
  }
}
