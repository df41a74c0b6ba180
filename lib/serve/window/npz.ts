// A window as NumPy's archive: arrays by name and their description, or the folder of docs/data.md zipped. What is
// compressed is unpacked within the limit, and not before all that the archive claims is held against it.

import { once } from "../../data/lifetime.ts";
import { borrowedSource, type ByteSource, memorySource, partSource } from "../../io/byte_source.ts";
import { crc32 } from "../../io/crc32.ts";
import { openNpy } from "../../io/npy.ts";
import { quoted } from "../../io/quote.ts";
import { parseYaml } from "../../io/yaml.ts";
import { dataOffset, readZip, type ZipEntry } from "../../io/zip.ts";
import type { Limits } from "../limits.ts";
import { type DescribedArrays, refuse } from "./arrays.ts";
import { inflate } from "./inflate.ts";
import { BOUNDS, plain, readJson } from "./json.ts";
import { refuseOver } from "./limit.ts";
import { WINDOW } from "./refusing.ts";

/** Letters of a description. */
export const LONGEST_DESCRIPTION = 1 << 20;
/** Entries of an archive besides its fields: coordinates, times, scalars, the description, what nothing reads. */
const OTHER_ENTRIES = 512;

const END = 0x06054b50;
const END_BYTES = 22;
const LOCATOR_64 = 0x07064b50;

/**
 * Refuses an archive that claims many entries, before any is read: a directory of 64 MB could name a million. A 64-bit end
 * record, which may claim any number, is of archives beyond 4 GiB.
 */
function checkEntries(body: Uint8Array, most: number): void {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = body.length - END_BYTES; at >= Math.max(0, body.length - END_BYTES - 0xffff); at--) {
    if (view.getUint32(at, true) !== END) continue;
    if (at + END_BYTES + view.getUint16(at + 20, true) !== body.length) continue;
    refuseOver(
      view.getUint16(at + 10, true),
      most,
      `The archive has ${view.getUint16(at + 10, true)} entries`,
    );
    if (at >= 20 && view.getUint32(at - 20, true) === LOCATOR_64) {
      refuse("the archive has a 64-bit end record, wanted one of less than 4 GiB");
    }
    return;
  }
}

/** An entry's bytes: a part of the archive, or unpacked. */
async function openMember(archive: ByteSource, entry: ZipEntry): Promise<ByteSource> {
  const name = `${archive.name}/${quoted(entry.name).slice(1, -1)}`;
  const offset = await dataOffset(archive, entry);
  if (!entry.deflated) return partSource(archive, name, offset, entry.size);
  const packed = await archive.read(offset, entry.stored);
  const bytes = await inflate(packed, "deflate-raw", entry.size)
    .catch((error) => refuse(`entry ${quoted(entry.name)} is damaged: ${(error as Error).message}`));
  if (bytes.length !== entry.size) {
    refuse(`entry ${quoted(entry.name)} unpacks to ${bytes.length} bytes, it claims ${entry.size}`);
  }
  if (crc32(bytes) !== entry.crc) refuse(`entry ${quoted(entry.name)} is damaged: its checksum differs`);
  return memorySource(bytes, name);
}

/** A description in YAML, of which JSON is a part. */
export function parseDescription(text: string): unknown {
  if (text.length > LONGEST_DESCRIPTION) {
    refuse(`its description has more than ${LONGEST_DESCRIPTION} letters`);
  }
  if (text.trimStart().startsWith("{")) {
    try {
      return plain(readJson(text, `${WINDOW}/description`, BOUNDS));
    } catch (error) {
      // YAML may begin with a brace too; what is read of it is bounded as well.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return parseYaml(text, `${WINDOW}/description`);
}

/** The description in an array of bytes. */
async function describedIn(open: () => Promise<ByteSource>): Promise<unknown> {
  const { shape, type, readFloat64 } = await openNpy(await open());
  const count = shape.reduce((n, size) => n * size, 1);
  if (type !== "u1" || count > LONGEST_DESCRIPTION) {
    refuse(`"description" has ${count} numbers of type ${type}, wanted at most ${LONGEST_DESCRIPTION} of u1`);
  }
  return parseDescription(new TextDecoder().decode(Uint8Array.from(await readFloat64(0, count))));
}

/**
 * The described arrays of an archive.
 *
 * @param body the archive
 * @param limits of its bytes, also when it is unpacked, and of its entries
 * @throws Refusal for what goes beyond them; SyntaxError for damage
 */
export async function fromNpz(body: Uint8Array, limits: Limits): Promise<DescribedArrays> {
  checkEntries(body, limits.fields + OTHER_ENTRIES);
  const archive = memorySource(body, WINDOW);
  const entries = await readZip(archive, { deflated: true });
  const claimed = [...entries.values()].reduce((n, { size }) => n + size, 0);
  refuseOver(claimed, limits.bytes, `The archive unpacks to ${claimed} bytes`);
  const opener = (entry: ZipEntry) => {
    const opened = once(() => openMember(archive, entry));
    return async () => borrowedSource(await opened());
  };
  const arrays = new Map(
    [...entries].filter(([name]) => /\.npy$/i.test(name))
      .map(([name, entry]) => [name.replace(/\.npy$/i, ""), opener(entry)] as const),
  );
  const page = entries.get("arrays.yaml") ?? entries.get("description.json");
  if (page) {
    refuseOver(page.size, LONGEST_DESCRIPTION, `The description has ${page.size} bytes`);
    using source = await opener(page)();
    return {
      description: parseDescription(new TextDecoder().decode(await source.read(0, source.size))),
      arrays,
    };
  }
  const described = arrays.get("description");
  if (!described) {
    const there = quoted([...arrays.keys()].join(", "));
    return refuse(`it has no array "description" and no arrays.yaml, its arrays are ${there}`);
  }
  arrays.delete("description");
  return { description: await describedIn(described), arrays };
}
