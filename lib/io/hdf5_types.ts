// The part of h5wasm's low-level interface that is used, typed by hand: its own declarations need ambient
// Emscripten types.

/** Description of a dataset's or attribute's extent and size. */
export interface H5Metadata {
  readonly size: number;
  readonly shape: number[] | null;
  readonly total_size: number;
  readonly chunks: number[] | null;
  /** Members of a compound, as they lie in memory. */
  readonly compound_type?: { readonly members: readonly { readonly offset: number }[] };
  /** What a virtual dataset is made of; "." is the file itself. */
  readonly virtual_sources?: readonly { readonly file_name: string; readonly dset_name: string }[];
}

/** A filter that a dataset's chunks passed. */
export interface H5Filter {
  readonly id: number;
  readonly name: string;
  readonly cd_values: readonly number[];
}

/** A node of the library's file system. */
export interface H5Node {
  node_ops: object;
  stream_ops: object;
}

/** What a terminal of the library does with bytes; null ends a line. */
export interface H5TerminalOps {
  put_char(terminal: unknown, byte: number | null): void;
  fsync(terminal: unknown): void;
}

/** An open file of the library; the standard streams have a terminal. */
export interface H5Stream {
  readonly tty?: { ops: H5TerminalOps };
}

/** The library's file system. */
export interface H5FileSystem {
  readonly ErrnoError: new (code: number) => Error;
  createNode(parent: unknown, name: string, mode: number, device: number): H5Node;
  mkdir(path: string): void;
  mkdirTree(path: string): void;
  writeFile(path: string, bytes: Uint8Array): void;
  rmdir(path: string): void;
  mount(type: object, options: object, path: string): void;
  unmount(path: string): void;
  readFile(path: string): Uint8Array;
  unlink(path: string): void;
  /** Open files by number. */
  readonly streams: readonly (H5Stream | null | undefined)[];
  closeStream(number: number): void;
}

/** The library. Calls that fail return negative numbers or null, or throw. */
export interface H5Module {
  readonly FS: H5FileSystem;
  readonly HEAPU8: Uint8Array;
  readonly H5F_ACC_RDONLY: number;
  readonly H5F_ACC_TRUNC: number;
  open(path: string, mode: number, order: boolean, low: number, high: number): bigint;
  close_file(id: bigint): number;
  get_type(id: bigint, path: string): number;
  get_names(id: bigint, path: string, recursive: boolean): string[] | null;
  get_attribute_names(id: bigint, path: string): string[] | null;
  get_attribute_metadata(id: bigint, path: string, name: string): H5Metadata | null;
  get_attribute_data(id: bigint, path: string, name: string, pointer: bigint): number;
  get_dataset_metadata(id: bigint, path: string): H5Metadata | null;
  get_dataset_filters(id: bigint, path: string): H5Filter[];
  /** Bytes of a reference, which is the address of the object's header. */
  create_object_reference(id: bigint, path: string): ArrayLike<number>;
  create_dataset(id: bigint, path: string, pointer: bigint, metadata: object): number;
  get_plugin_search_paths(): string[];
  /** Paths of the dimension scales of an axis of a dataset. */
  get_attached_scales(id: bigint, path: string, axis: number): string[];
  get_dataset_data(
    id: bigint,
    path: string,
    count: bigint[] | null,
    offset: bigint[] | null,
    strides: bigint[] | null,
    pointer: bigint,
  ): number;
  reclaim_vlen_memory(id: bigint, path: string, attribute: string, pointer: bigint): number;
  UTF8ToString(pointer: number): string;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  /** Calls `_NAME` with arguments converted from JavaScript; the stack is afterwards as it was. */
  ccall(name: string, returns: "number", types: readonly string[], args: readonly unknown[]): number;
  /** What `ccall("within", ..)` calls. */
  _within?: () => number;
  /** Told before the library aborts. */
  onAbort?: (why: unknown) => void;
}
