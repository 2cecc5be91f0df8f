export { monotonicMs, wallUs } from './clock.js';
export * from './errors.js';
export { type FramedMessage, SyslogFramer } from './framing.js';
export { followLines, type LineConnection, type LineHandlers, serveLines } from './lines.js';
export * from './peer-tls.js';
export { listenTcp, MAX_MESSAGE_BYTES, type TcpOptions } from './tcp.js';
export { type Endpoint, kernelDrops, type Listener, type ListenerStats, listenUdp, type UdpOptions } from './udp.js';
export { VipListeners } from './vip.js';
