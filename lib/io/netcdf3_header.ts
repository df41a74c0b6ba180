// The header of netCDF's classic formats: read by the library `netcdfjs`, whose limits are mended here (offsets beyond
// 4 GiB, names in UTF-8), and checked against the size of the file before it is believed.

import type { ByteSource } from "./byte_source.ts";
import { quoted } from "./quote.ts";
import { readStart } from "./source.ts";

/** Types of the classic formats. */
export type Netcdf3Type = "byte" | "char" | "short" | "int" | "float" | "double";

/** Bytes of a number. */
export const WIDTHS: Readonly<Record<Netcdf3Type, number>> = {
  byte: 1,
  char: 1,
  short: 2,
  int: 4,
  float: 4,
  double: 8,
};

/** Attributes by name: text, a number, or several. */
export type Netcdf3Attributes = Readonly<Record<string, string | number | readonly number[]>>;

/** A variable, and where its numbers lie. */
export interface Netcdf3Place {
  readonly name: string;
  readonly dimensions: readonly string[];
  readonly shape: readonly number[];
  readonly type: Netcdf3Type;
  readonly attributes: Netcdf3Attributes;
  /** Its first byte. */
  readonly begin: number;
  /** Bytes from one index to the next along each dimension. */
  readonly strides: readonly number[];
}

/** What the header says. */
export interface Netcdf3Header {
  readonly attributes: Netcdf3Attributes;
  readonly variables: readonly Netcdf3Place[];
}

/** Bytes that are read first; most headers are shorter. */
const FIRST = 1 << 16;
const LARGEST_HEADER = 16 << 20;
/** Number of records of a file that was never closed. */
const STREAMING = 0xffffffff;
const VERSIONS: Readonly<Record<number, string>> = { 1: "classic", 2: "64-bit offset" };

/** What the library gives, typed by hand as far as it is used. */
interface Parsed {
  readonly recordDimension: { readonly length: number; readonly id?: number };
  readonly dimensions?: readonly { readonly name: string; readonly size: number }[];
  readonly globalAttributes?: readonly ParsedAttribute[];
  readonly variables?: readonly {
    readonly name: string;
    readonly dimensions: readonly number[];
    readonly attributes: readonly ParsedAttribute[];
    readonly type: string;
    readonly offset: number;
  }[];
}
interface ParsedAttribute {
  readonly name: string;
  readonly type: string;
  readonly value: string | number | readonly number[];
}

function refuse(name: string, why: string): never {
  throw new SyntaxError(`Cannot read "${name}": ${why}`);
}

/** Text whose bytes the library took for characters. */
function utf8(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
}

function attributesOf(list: readonly ParsedAttribute[] = []): Netcdf3Attributes {
  const values: Record<string, string | number | readonly number[]> = Object.create(null);
  for (const { name, type, value } of list) {
    values[utf8(name)] = typeof value === "string"
      ? utf8(value)
      : type === "byte" && Array.isArray(value)
      ? value.map((byte) => byte > 127 ? byte - 256 : byte)
      : value;
  }
  return values;
}

/** Whether the library ran into the end of the bytes that it was given. */
function ranOut(error: unknown): boolean {
  return error instanceof RangeError;
}

/** The library's complaint about a variable beyond 4 GiB. */
function isFar(error: unknown): boolean {
  return error instanceof TypeError && error.message.includes("larger than 4GB");
}

/** Bytes by which an entry is looked for at first. */
const STEP = 256;

/**
 * Parses a header. The library refuses variables beyond 4 GiB, whose offset has an upper half that is not 0. Where that
 * half lies is found by giving it ever fewer bytes: it reads them in order, and with one byte less than it takes to see
 * the half it runs out instead. The offset is then set aside, and its place holds its number among those set aside,
 * smaller than any true one.
 */
async function parse(
  bytes: Uint8Array,
): Promise<{ readonly parsed: Parsed; readonly far: readonly number[] }> {
  const { NetCDFReader } = await import("netcdfjs");
  const attempt = (length: number): { readonly parsed: Parsed } | { readonly error: unknown } => {
    try {
      return { parsed: new NetCDFReader(bytes.slice(0, length)).header as unknown as Parsed };
    } catch (error) {
      return { error };
    }
  };
  const seesFar = (length: number): boolean => {
    const got = attempt(length);
    return "error" in got && isFar(got.error);
  };
  const far: number[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let short = 0;;) {
    const got = attempt(bytes.length);
    if ("parsed" in got) return { parsed: got.parsed, far };
    if (!isFar(got.error)) throw got.error;
    let step = STEP;
    while (short + step < bytes.length && !seesFar(short + step)) {
      short += step;
      step *= 2;
    }
    let enough = Math.min(short + step, bytes.length);
    while (enough - short > 1) {
      const middle = Math.floor((short + enough) / 2);
      if (seesFar(middle)) enough = middle;
      else short = middle;
    }
    if (enough + 4 > bytes.length) throw new RangeError("The offset is cut off");
    const offset = view.getBigUint64(enough - 4);
    view.setBigUint64(enough - 4, BigInt(far.length));
    far.push(Number(offset));
    short = enough;
  }
}

/** Parses the start of a file, more of it where the header is longer. */
async function parseStart(source: ByteSource) {
  for (let length = FIRST;; length *= 4) {
    const bytes = await readStart(source, Math.min(length, LARGEST_HEADER));
    try {
      return { ...await parse(bytes), bytes };
    } catch (error) {
      if (!ranOut(error)) return refuse(source.name, `its header is damaged: ${(error as Error).message}`);
      if (bytes.length === source.size) return refuse(source.name, "its header is cut off");
      if (bytes.length === LARGEST_HEADER) {
        return refuse(source.name, `its header has more than ${LARGEST_HEADER} bytes`);
      }
    }
  }
}

/** What a variable is checked against. */
interface Layout {
  readonly dimensions: NonNullable<Parsed["dimensions"]>;
  readonly recordId: number | undefined;
  readonly far: readonly number[];
}

type ParsedVariable = NonNullable<Parsed["variables"]>[number];

/** Numbers of one record of a variable, or of all of one without records. */
function ownShape({ dimensions: ids }: ParsedVariable, { dimensions, recordId }: Layout): number[] {
  return ids.filter((id, i) => !(i === 0 && id === recordId)).map((id) => dimensions[id]!.size);
}

function product(sizes: readonly number[], width: number): number {
  return sizes.reduce((n, size) => n * size, width);
}

/** Refuses a variable that could not be. */
function checkVariable(
  file: string,
  variable: ParsedVariable,
  { dimensions, recordId }: Layout,
): Netcdf3Type {
  const name = quoted(utf8(variable.name));
  if (!Object.hasOwn(WIDTHS, variable.type)) {
    refuse(file, `variable ${name} is of an unknown type, wanted ${Object.keys(WIDTHS).join(", ")}`);
  }
  for (const [i, id] of variable.dimensions.entries()) {
    if (!dimensions[id]) refuse(file, `variable ${name} has dimension ${id}, there are ${dimensions.length}`);
    if (id === recordId && i > 0) refuse(file, `variable ${name} has the record dimension not first`);
  }
  return variable.type as Netcdf3Type;
}

/**
 * Reads the header of a file.
 *
 * @param source the file
 * @throws SyntaxError for what is no netCDF-3, of a version that is not read, damaged or cut off
 */
export async function parseNetcdf3(source: ByteSource): Promise<Netcdf3Header> {
  const start = await readStart(source, 4);
  if (start.length < 4 || start[0] !== 0x43 || start[1] !== 0x44 || start[2] !== 0x46) {
    refuse(source.name, `it is no netCDF-3 file, its first bytes are [${start}], wanted "CDF"`);
  }
  if (!VERSIONS[start[3]!]) {
    const what = start[3] === 5 ? "of the 64-bit data format (CDF-5)" : `of version ${start[3]}`;
    refuse(source.name, `it is ${what}, which is not read; nccopy -k nc4 OLD NEW writes one that is`);
  }
  const { parsed, far } = await parseStart(source);
  const { recordDimension: { length, id: recordId } } = parsed;
  const layout: Layout = { dimensions: parsed.dimensions ?? [], recordId, far };
  const list = parsed.variables ?? [];
  const types = list.map((variable) => checkVariable(source.name, variable, layout));
  const isRecord = ({ dimensions }: ParsedVariable) => recordId !== undefined && dimensions[0] === recordId;
  const begin = ({ offset }: ParsedVariable) => offset < far.length ? far[offset]! : offset;
  const sizes = list.map((variable, i) => product(ownShape(variable, layout), WIDTHS[types[i]!]));
  const records = list.flatMap((variable, i) => isRecord(variable) ? [sizes[i]!] : []);
  // Each record is filled up to four bytes, unless there is but one variable of them.
  const step = records.length === 1
    ? records[0]!
    : records.reduce((n, size) => n + Math.ceil(size / 4) * 4, 0);
  const first = Math.min(...list.filter(isRecord).map(begin));
  const count = length === STREAMING && step > 0
    ? Math.max(0, Math.floor((source.size - first) / step))
    : length;
  const seen = new Set<string>();
  const variables = list.map((variable, i): Netcdf3Place => {
    const name = utf8(variable.name);
    if (seen.has(name)) refuse(source.name, `it has two variables ${quoted(name)}`);
    seen.add(name);
    const own = ownShape(variable, layout);
    const width = WIDTHS[types[i]!];
    const strides = own.map((_, axis) => product(own.slice(axis + 1), width));
    const grows = isRecord(variable);
    const end = begin(variable) + (grows ? (count > 0 ? (count - 1) * step + sizes[i]! : 0) : sizes[i]!);
    if (!(end <= source.size)) {
      refuse(
        source.name,
        `variable ${quoted(name)} ends at byte ${end}, the file has ${source.size}: it is cut off`,
      );
    }
    return {
      name,
      dimensions: variable.dimensions.map((id) => utf8(layout.dimensions[id]!.name)),
      shape: grows ? [count, ...own] : own,
      type: types[i]!,
      attributes: attributesOf(variable.attributes),
      begin: begin(variable),
      strides: grows ? [step, ...strides] : strides,
    };
  });
  return { attributes: attributesOf(parsed.globalAttributes), variables };
}
