/**
 * Bytes and containers: paths, URLs read by range, Blobs; checkpoints and safetensors. Nothing here knows physics.
 *
 * @example Tensors of a checkpoint
 * ```ts
 * import assert from "node:assert/strict";
 * import { openCheckpoint, writeSafetensors } from "walrus/io";
 *
 * const bytes = writeSafetensors([{ name: "bias", shape: [2], data: Float32Array.of(1, 2) }]);
 * using checkpoint = await openCheckpoint(bytes);
 * assert.deepEqual(checkpoint.tensors.get("bias")!.shape, [2]);
 * ```
 *
 * @module
 */

export { openCheckpoint } from "../io/checkpoint.ts";
export { type AtomicFile, atomicFile, type FileContents, writeFileAtomic } from "../io/file.ts";
export { type ByteSink } from "../io/byte_sink.ts";
export type { HttpOptions } from "../io/http.ts";
export { narrowToHalf, type StoredType } from "../io/numbers.ts";
export {
  type StreamedTensor,
  streamSafetensors,
  type WritableTensor,
  type WritableType,
  writeSafetensors,
} from "../io/safetensors_writer.ts";
export { eventFileStart, eventsUpTo, scalarRecord } from "../io/tensorboard.ts";
export { type WritableArray, writeNpy, writeNpz } from "../io/npy_writer.ts";
export { type StreamedNpz, streamNpz } from "../io/npz_writer.ts";
export { type ByteSource, isRemote, isUrl, openSource, type SourceInput } from "../io/source.ts";
export { parseYaml } from "../io/yaml.ts";
export { writeYaml } from "../io/yaml_writer.ts";
export type { Checkpoint, StoredTensor } from "../io/stored_tensor.ts";
