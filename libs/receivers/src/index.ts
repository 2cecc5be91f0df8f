export { monotonicMs, wallUs } from './clock.js';
export { type CustomRequest, customTrapsOf } from './custom-body.js';
export { CUSTOM_TRAP_PATH, type CustomTrapOptions, listenCustomTraps } from './custom-http.js';
export { CustomResends } from './custom-resends.js';
export * from './errors.js';
export { type FramedMessage, SyslogFramer } from './framing.js';
export type { ListenerAway, Opening } from './kept-listener.js';
export { KeptListeners } from './kept-listeners.js';
export { kernelDrops } from './kernel-tables.js';
export { followLines, type LineConnection, type LineHandlers, serveLines } from './lines.js';
export * from './peer-tls.js';
export { listenRelp, type RelpOptions } from './relp.js';
export { type RelpFrame, RelpFramer } from './relp-frames.js';
export { RelpResends } from './relp-resends.js';
export { RevokedPeer } from './revoked-peer.js';
export { plainAddress, SenderList } from './senders.js';
export * from './snmp/index.js';
export {
  type GateOptions,
  NO_LIMITS,
  OTHERS,
  type Refusal,
  SourceGate,
  type SourceLimits,
  type SourceReport,
} from './sources.js';
export { listenTcp, listenTls, type TcpOptions } from './tcp.js';
export { TlsFiles, TlsFilesError, type TlsMaterial, type TlsPaths } from './tls-files.js';
export type { TlsOptions } from './tls-policy.js';
export { TokenFile, TokensError } from './tokens.js';
export { type Endpoint, type Listener, type ListenerStats, listenUdp, type UdpOptions } from './udp.js';
export { type UdpRead, whyNoBatches } from './udp-sockets.js';
export { WatchedFiles } from './watched-files.js';
