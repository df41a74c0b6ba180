// The runtime's file system, Deno's or Node's: the only module that touches it, and only when called. In a page it says
// why it can not.

import type { FileSystem } from "./file_types.ts";
import { nodeFileSystem } from "./node_files.ts";

/**
 * The file system.
 *
 * @param why it is wanted, for the message
 * @throws TypeError where the runtime has none
 */
export function fileSystem(why: string): FileSystem {
  const system = (globalThis as { Deno?: FileSystem }).Deno ?? nodeFileSystem();
  if (!system) {
    throw new TypeError(`Cannot ${why}: this runtime has no file system, pass a URL, a Blob or bytes`);
  }
  return system;
}
