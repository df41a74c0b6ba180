// A runtime's file system as this library uses it.

/** As Deno has it, and typed by hand: browsers know no such types. */
export interface FileSystem {
  openSync(path: string | URL): OpenFile;
  open(path: string, options: { write: boolean; createNew: boolean }): Promise<OpenFile>;
  statSync(path: string | URL): { readonly isDirectory: boolean; readonly size: number };
  readDir(path: string | URL): AsyncIterable<{ readonly name: string }>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  mkdir(path: string, options: { recursive: boolean }): Promise<void>;
}

/** A file that is read and written where the last call ended. */
export interface OpenFile {
  write(bytes: Uint8Array): Promise<number>;
  syncData(): Promise<void>;
  seekSync(offset: number, whence: number): number;
  readSync(into: Uint8Array): number | null;
  read(into: Uint8Array): Promise<number | null>;
  close(): void;
}
