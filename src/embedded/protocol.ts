/** What start() gives its child process, as JSON in the first argument. */
export interface ChildOptions {
  dataDir: string;
  noSync: boolean;
  oplogMaxBytes: number;
  oplogMaxAgeSeconds: number;
  /** A loopback port beside the socket. */
  port: number | undefined;
  /** The loopback port in the place of the socket, where sockets can't be had; 0 for any. */
  tcpPort: number;
  failPoints: boolean;
  transactionSeconds: number;
}

/** What the child tells its parent. */
export type ChildMessage =
  | { type: 'ready'; uri: string; tcpPort: number; startMs: number }
  | { type: 'in-use'; uri: string | undefined; pid: number | undefined }
  | { type: 'failed'; message: string }
  | { type: 'event'; level: 'info' | 'warn' | 'error'; message: string; fields?: Record<string, unknown> };

/** What the parent tells its child. */
export interface ParentMessage {
  type: 'close';
}
