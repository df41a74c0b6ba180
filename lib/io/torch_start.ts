// What PyTorch wrote, told by a file's name or first bytes: what can be said before its reader is loaded.

/** Name of the file that describes the others. */
export const METADATA = ".metadata";

/** The first pickle: protocol 2, an integer of ten bytes, its end. */
const START = Uint8Array.of(
  0x80,
  2,
  0x8a,
  10,
  0x6c,
  0xfc,
  0x9c,
  0x46,
  0xf9,
  0x20,
  0x6a,
  0xa8,
  0x50,
  0x19,
  0x2e,
);

/** Whether a file starts as those from before PyTorch 1.6 do. */
export function looksLikeLegacy(start: Uint8Array): boolean {
  return START.every((byte, i) => start[i] === byte);
}

/** Whether the first bytes of a file are those of the description of a distributed checkpoint. */
export function looksDistributed(start: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(start).includes("torch.distributed.checkpoint.metadata");
}
