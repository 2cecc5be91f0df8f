/** JSON lines between the controller and the child process that touches one volume in its place. */

export interface VolumeSetup {
  /** Such as `data`, `wal`, `state`: as in status and alarms. */
  readonly name: string;
  readonly folder: string;
  /** In whose name the volume is tried: a change of permissions counts (D15). null: as we are. */
  readonly account: { readonly name: string; readonly uid: number; readonly gid: number } | null;
  /** PostgreSQL's data directory on this volume: tells a detached volume from an empty folder in its place. */
  readonly pgdata: string | null;
  /** Given back when the volume is full; 0: none is kept. */
  readonly ballastBytes: number;
  /** Less than this left, the ballast already given back, and the host cannot serve: room for the next WAL segments. */
  readonly roomBytes: number;
  readonly percent: { readonly warn: number; readonly high: number; readonly full: number };
  /** Folder whose *.log files are kept below this size, or null. */
  readonly logs: { readonly folder: string; readonly limitBytes: number } | null;
}

export type Level = 'ok' | 'warn' | 'high' | 'full';

export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeInodes: number | null;
  /** By what is used, ballast that should be there and is not included: a volume is not well before it can keep it again. */
  readonly level: Level;
}

export interface GoodLook {
  readonly id: number;
  readonly space: Space;
  readonly ballastBytes: number;
  /** The ballast was given back during this look. */
  readonly released: boolean;
  /** The file system behind the folder: st_dev. */
  readonly device: number;
  readonly hasData: boolean;
  /** Where pg_wal leads to when it lies on another file system. */
  readonly wal: string | null;
}

export interface BadLook {
  readonly id: number;
  /** errno's name, such as `EIO`. */
  readonly code: string;
  readonly call: string;
  /** null: not even that could be asked. */
  readonly space: Space | null;
}

export type ToVolume = { readonly setup: VolumeSetup } | { readonly id: number };
export type FromVolume = { readonly ready: true } | GoodLook | BadLook;
