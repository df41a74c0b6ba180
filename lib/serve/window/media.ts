// What a body is: by its media type, and by its first bytes where that says nothing.

import { hdf5Fault, START_BYTES } from "../../io/hdf5_start.ts";
import { Refusal } from "../refusal.ts";

/** A form of windows. */
export type WindowKind = "json" | "npz" | "safetensors" | "hdf5";

/** Media types of each. */
export const MEDIA_TYPES: Readonly<Record<WindowKind, readonly string[]>> = {
  json: ["application/json"],
  npz: ["application/x-npz", "application/zip"],
  safetensors: ["application/x-safetensors"],
  hdf5: ["application/x-hdf5", "application/x-hdf"],
};

/** Media types that say nothing. */
const ANY = ["", "application/octet-stream"];

/** What a body is by its first bytes; null: nothing that is known. */
function byContent(body: Uint8Array): WindowKind | null {
  if (hdf5Fault(body.length, body.subarray(0, START_BYTES)) === null) return "hdf5";
  if (body[0] === 0x50 && body[1] === 0x4b) return "npz";
  // A length of eight bytes, then the object of the header.
  if (body.length > 8 && body[8] === 0x7b && body[6] === 0 && body[7] === 0) return "safetensors";
  const first = body.find((byte) => byte > 0x20);
  return first === 0x7b ? "json" : null;
}

/** The media type of a header, without what follows it. */
export function bareType(header: string | null): string {
  return (header ?? "").split(";")[0]!.trim().toLowerCase();
}

/**
 * What a body is.
 *
 * @param mediaType of the header `content-type`; empty where there is none
 * @param body looked at where the type is empty, or `application/octet-stream`
 * @throws Refusal for what is not known
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(kindOf("application/json; charset=utf-8", new Uint8Array(0)), "json");
 * assert.equal(kindOf("", Uint8Array.of(0x50, 0x4b, 3, 4)), "npz");
 * ```
 */
export function kindOf(mediaType: string, body: Uint8Array): WindowKind {
  const bare = bareType(mediaType);
  const kinds = Object.entries(MEDIA_TYPES) as [WindowKind, readonly string[]][];
  const told = kinds.find(([, types]) => types.includes(bare))?.[0];
  if (told) return told;
  const found = ANY.includes(bare) ? byContent(body) : null;
  if (found) return found;
  const known = Object.values(MEDIA_TYPES).flat().join(", ");
  const what = ANY.includes(bare)
    ? `The body begins as none of the forms of a window`
    : `The body is of type ${JSON.stringify(bare.slice(0, 80))}`;
  throw new Refusal("unsupported_media", `${what}, wanted ${known}`);
}
