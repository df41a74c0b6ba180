// Small files of netCDF's classic formats, right or wrong as a test wants them.

type Type = "byte" | "char" | "short" | "int" | "float" | "double";
/** Text, or numbers of a type. */
export type Attribute = string | readonly [Type, ...number[]];

/** What is written. */
export interface Netcdf3Contents {
  /** 1 classic, 2 with offsets of 64 bits, 5 refused by readers of these two. */
  readonly version?: number;
  /** Sizes by name; 0 is the record dimension. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Records, where there is a record dimension. */
  readonly records?: number;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly variables: Readonly<Record<string, Netcdf3Written>>;
  /** Bytes between the header and the first variable. */
  readonly gap?: number;
}

/** A variable. */
export interface Netcdf3Written {
  readonly dimensions: readonly string[];
  readonly type: Type;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly data: readonly number[];
  /** Number of the type that the header tells instead. */
  readonly saysType?: number;
}

const TYPES: Readonly<Record<Type, readonly [number, number]>> = {
  byte: [1, 1],
  char: [2, 1],
  short: [3, 2],
  int: [4, 4],
  float: [5, 4],
  double: [6, 8],
};

function numbers(type: Type, values: readonly number[]): number[] {
  const [, width] = TYPES[type];
  const bytes = new Uint8Array(values.length * width);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) {
    if (type === "double") view.setFloat64(8 * i, value);
    else if (type === "float") view.setFloat32(4 * i, value);
    else if (type === "int") view.setInt32(4 * i, value);
    else if (type === "short") view.setInt16(2 * i, value);
    else view.setInt8(i, value);
  }
  return [...bytes];
}

const word = (
  value: number,
): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const padded = (
  bytes: readonly number[],
): number[] => [...bytes, ...new Array((4 - bytes.length % 4) % 4).fill(0)];
const name = (text: string): number[] => {
  const bytes = [...new TextEncoder().encode(text)];
  return [...word(bytes.length), ...padded(bytes)];
};
const list = (tag: number, entries: readonly number[][]): number[] =>
  entries.length === 0
    ? [...word(0), ...word(0)]
    : [...word(tag), ...word(entries.length), ...entries.flat()];

function attributes(values: Readonly<Record<string, Attribute>> = {}): number[] {
  return list(
    12,
    Object.entries(values).map(([key, value]) => {
      if (typeof value === "string") {
        const bytes = [...new TextEncoder().encode(value)];
        return [...name(key), ...word(2), ...word(bytes.length), ...padded(bytes)];
      }
      const [type, ...own] = value;
      return [...name(key), ...word(TYPES[type][0]), ...word(own.length), ...padded(numbers(type, own))];
    }),
  );
}

/** Where a variable's numbers stand in the file. */
export interface Placed {
  readonly header: Uint8Array<ArrayBuffer>;
  /** Offsets and bytes. */
  readonly parts: readonly (readonly [number, Uint8Array])[];
  readonly length: number;
}

/** A file in parts, which may be too long to be whole in memory. */
export function placeNetcdf3(contents: Netcdf3Contents): Placed {
  const { version = 1, dimensions, records = 0, gap = 0 } = contents;
  const names = Object.keys(dimensions);
  const variables = Object.entries(contents.variables);
  const isRecord = ({ dimensions: own }: Netcdf3Written) => own[0] !== undefined && dimensions[own[0]] === 0;
  const bytesOf = ({ type, dimensions: own }: Netcdf3Written) =>
    own.reduce((n, dimension) => n * (dimensions[dimension] || 1), TYPES[type][1]);
  const growing = variables.filter(([, variable]) => isRecord(variable));
  const room = (bytes: number) => Math.ceil(bytes / 4) * 4;
  const step = growing.length === 1
    ? bytesOf(growing[0]![1])
    : growing.reduce((n, [, variable]) => n + room(bytesOf(variable)), 0);
  const header = (begins: readonly number[]): number[] => [
    ...[..."CDF"].map((letter) => letter.charCodeAt(0)),
    version,
    ...word(records),
    ...list(10, names.map((key) => [...name(key), ...word(dimensions[key]!)])),
    ...attributes(contents.attributes),
    ...list(
      11,
      variables.map(([key, variable], i) => [
        ...name(key),
        ...word(variable.dimensions.length),
        ...variable.dimensions.flatMap((dimension) => word(names.indexOf(dimension))),
        ...attributes(variable.attributes),
        ...word(variable.saysType ?? TYPES[variable.type][0]),
        ...word(room(bytesOf(variable))),
        ...version === 1 ? [] : word(Math.floor(begins[i]! / 2 ** 32)),
        ...word(begins[i]! % 2 ** 32),
      ]),
    ),
  ];
  const first = header(variables.map(() => 0)).length + gap;
  const begins: number[] = [];
  let at = first;
  for (const [i, [, variable]] of variables.entries()) {
    if (isRecord(variable)) continue;
    begins[i] = at;
    at += room(bytesOf(variable));
  }
  const start = at;
  for (const [i, [, variable]] of variables.entries()) {
    if (!isRecord(variable)) continue;
    begins[i] = at;
    at += growing.length === 1 ? step : room(bytesOf(variable));
  }
  const parts: [number, Uint8Array][] = [];
  for (const [i, [, variable]] of variables.entries()) {
    const bytes = Uint8Array.from(numbers(variable.type, variable.data));
    const size = bytesOf(variable);
    const pieces = isRecord(variable) ? records : 1;
    for (let record = 0; record < pieces; record++) {
      parts.push([begins[i]! + record * step, bytes.subarray(record * size, (record + 1) * size)]);
    }
  }
  return {
    header: Uint8Array.from(header(begins)),
    parts,
    length: start + (growing.length > 0 ? records * step : 0),
  };
}

/** A file. */
export function writeNetcdf3(contents: Netcdf3Contents): Uint8Array<ArrayBuffer> {
  const { header, parts, length } = placeNetcdf3(contents);
  const file = new Uint8Array(length);
  file.set(header);
  for (const [at, bytes] of parts) file.set(bytes, at);
  return file;
}
