// Writes frames into a file of the browser's private storage, one behind the other, and reads them back.

import type { FrameNumbers } from "../scene.ts";
import { FOLDER, type FrameAnswer, type FrameRequest } from "./frame_store.ts";

/** The parts of a worker's scope and of the storage that are used; the libraries of pages and workers do not go together. */
interface Scope {
  onmessage: ((event: MessageEvent<FrameRequest>) => void) | null;
  postMessage(answer: FrameAnswer, transfer: Transferable[]): void;
}
interface Folder {
  getDirectoryHandle(name: string, options: { create: boolean }): Promise<Folder>;
  getFileHandle(name: string, options: { create: boolean }): Promise<{
    createSyncAccessHandle(): Promise<Access>;
  }>;
}
interface Access {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
}

/** Where the numbers of a frame lie, by quantity; null where it has none of it. */
type Place = readonly ({ readonly at: number; readonly length: number } | null)[];

const scope = globalThis as unknown as Scope;
const places = new Map<number, Place>();
let last = 0;
let end = 0;
let file: Promise<Access> | null = null;

async function open(): Promise<Access> {
  const root = await navigator.storage.getDirectory() as unknown as Folder;
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  return await (await folder.getFileHandle(crypto.randomUUID(), { create: true })).createSyncAccessHandle();
}

function put(access: Access, frame: FrameNumbers): number {
  let at = end;
  const place = frame.map((numbers) => {
    if (!numbers) return null;
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    if (access.write(bytes, { at }) < bytes.length) throw new RangeError("the browser's storage is full");
    at += bytes.length;
    return { at: at - bytes.length, length: numbers.length };
  });
  end = at;
  places.set(++last, place);
  return last;
}

function get(access: Access, key: number): FrameNumbers {
  const place = places.get(key);
  if (!place) throw new RangeError(`There is no frame ${key}`);
  return place.map((part) => {
    if (!part) return null;
    const numbers = new Float32Array(part.length);
    const read = access.read(new Uint8Array(numbers.buffer), { at: part.at });
    if (read < numbers.byteLength) throw new RangeError(`Frame ${key} ends after ${read} bytes`);
    return numbers;
  });
}

function clear(access: Access): null {
  places.clear();
  end = 0;
  access.truncate(0);
  return null;
}

async function answer(request: FrameRequest): Promise<void> {
  const { id } = request;
  try {
    const access = await (file ??= open());
    const value = request.kind === "put"
      ? put(access, request.frame)
      : request.kind === "get"
      ? get(access, request.key)
      : clear(access);
    const moved = Array.isArray(value) ? value.flatMap((numbers) => numbers ? [numbers.buffer] : []) : [];
    scope.postMessage({ id, value }, moved);
  } catch (error) {
    scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
  }
}

scope.onmessage = ({ data }) => void answer(data);
