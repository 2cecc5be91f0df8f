import { grewBy } from './counters.js';
import { numberOf, type SnmpValue, textOf } from './value.js';

type Cell = (column: string) => SnmpValue | undefined;

/** What there is several of. */
export interface Devices {
  readonly what: string;
  readonly mib: string;
  /** That its name is read from; the first one has a row for each. */
  readonly columns: readonly string[];
  /** null = it is none that is measured. */
  readonly name: (cell: Cell) => string | null;
}

export interface DeviceResource {
  readonly devices: Devices;
  readonly of: {
    readonly columns: readonly string[];
    /** It needs the reading before. */
    readonly isRate: boolean;
    /** null = it cannot be said (yet). */
    readonly value: (now: Cell, before: Cell, seconds: number) => number | null;
  };
}

/** UCD-DISKIO-MIB diskIOTable. */
const DISK = '1.3.6.1.4.1.2021.13.15.1.1';
/** HOST-RESOURCES-MIB hrStorageTable. */
const STORAGE = '1.3.6.1.2.1.25.2.3.1';
const FIXED_DISK = '1.3.6.1.2.1.25.2.1.4';
/** IF-MIB ifTable and ifXTable. */
const IF = '1.3.6.1.2.1.2.2.1';
const IFX = '1.3.6.1.2.1.31.1.1.1';

const named = (cell: SnmpValue | undefined): string | null => {
  const text = cell === undefined ? '' : textOf(cell).trim();
  return text === '' ? null : text;
};

const DISKS: Devices = { what: 'disk', mib: 'UCD-DISKIO-MIB', columns: [`${DISK}.2`], name: (cell) => named(cell(`${DISK}.2`)) };
const FILESYSTEMS: Devices = {
  ...{ what: 'filesystem', mib: 'HOST-RESOURCES-MIB', columns: [`${STORAGE}.3`, `${STORAGE}.2`] },
  name: (cell) => {
    const type = cell(`${STORAGE}.2`);
    return type !== undefined && textOf(type) === FIXED_DISK ? named(cell(`${STORAGE}.3`)) : null;
  },
};
const INTERFACES: Devices = {
  ...{ what: 'network interface', mib: 'IF-MIB', columns: [`${IF}.2`, `${IFX}.1`] },
  // ifName is what the system calls it; ifDescr is the vendor's sentence.
  name: (cell) => named(cell(`${IFX}.1`)) ?? named(cell(`${IF}.2`)),
};

/** What grows, for each second: by the first of the columns that the agent has, 64 bits before 32. Groups are added. */
function perSecond(devices: Devices, ...groups: readonly (readonly string[])[]): DeviceResource {
  const value = (now: Cell, before: Cell, seconds: number): number | null => {
    if (seconds <= 0) return null;
    let sum = 0;
    for (const columns of groups) {
      const column = columns.find((one) => now(one)?.kind === 'counter');
      const grown = column === undefined ? null : grewBy(before(column), now(column));
      if (grown === null) return null;
      sum += grown;
    }
    return sum / seconds;
  };
  return { devices, of: { columns: groups.flat(), isRate: true, value } };
}

export const DEVICES: Readonly<Record<string, DeviceResource>> = {
  'disk.reads': perSecond(DISKS, [`${DISK}.5`]),
  'disk.writes': perSecond(DISKS, [`${DISK}.6`]),
  'disk.readBytes': perSecond(DISKS, [`${DISK}.12`, `${DISK}.3`]),
  'disk.writeBytes': perSecond(DISKS, [`${DISK}.13`, `${DISK}.4`]),
  'network.inBytes': perSecond(INTERFACES, [`${IFX}.6`, `${IF}.10`]),
  'network.outBytes': perSecond(INTERFACES, [`${IFX}.10`, `${IF}.16`]),
  'network.inPackets': perSecond(INTERFACES, [`${IFX}.7`, `${IF}.11`]),
  'network.outPackets': perSecond(INTERFACES, [`${IFX}.11`, `${IF}.17`]),
  'network.inErrors': perSecond(INTERFACES, [`${IF}.14`]),
  'network.outErrors': perSecond(INTERFACES, [`${IF}.20`]),
  'filesystem.used': {
    devices: FILESYSTEMS,
    of: {
      columns: [`${STORAGE}.5`, `${STORAGE}.6`],
      isRate: false,
      value: (now) => {
        const [size, used] = [unsigned(now(`${STORAGE}.5`)), unsigned(now(`${STORAGE}.6`))];
        // Such as /proc: there is nothing that could become full.
        return size === null || used === null || size === 0 ? null : Math.min(100, (100 * used) / size);
      },
    },
  },
};

/** Integer32 in the MIB; large file systems make some agents say a negative one. */
function unsigned(cell: SnmpValue | undefined): number | null {
  const number = cell === undefined ? null : numberOf(cell);
  return number === null ? null : number < 0 ? number + 0x1_0000_0000 : number;
}
