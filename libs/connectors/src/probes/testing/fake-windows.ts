import type { ServiceState, WindowsPort } from '../windows.js';

/** A Windows host's service control manager, as this project imagines it: no real one was at hand. */
export class FakeWindows implements WindowsPort {
  readonly services = new Map<string, ServiceState>();
  /** It hangs until it is asked no more. */
  hangs = false;

  async serviceState(_facility: string, service: string, signal: AbortSignal): Promise<ServiceState | null> {
    if (this.hangs) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    return this.services.get(service) ?? null;
  }
}
