// All files of a build, in memory and on disk. The same sources give the same bytes.

import { declarations } from "./types.ts";
import { integrity, licences, packageJson } from "./package.ts";
import { buildScripts, ENTRIES, SERVICE } from "./scripts.ts";
import { type Size, sizesOf } from "./sizes.ts";

const ROOT = new URL("../../", import.meta.url);

/** A build. */
export interface Build {
  /** Contents by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly sizes: readonly Size[];
}

/** Builds the package. @throws Error with what the bundler or the compiler says */
export async function buildPackage(): Promise<Build> {
  const [scripts, types] = await Promise.all([
    buildScripts(),
    declarations(Object.values({ ...ENTRIES, ...SERVICE })),
  ]);
  const files = new Map(scripts.files);
  const add = (path: string, text: string) => files.set(path, new TextEncoder().encode(text));
  for (const [path, text] of types) add(`types/${path}`, text);
  add("integrity.json", integrity(scripts.files));
  add("package.json", await packageJson());
  add("THIRD_PARTY_LICENCES", await licences());
  for (const name of ["LICENSE", "README.md", "CHANGELOG.md"]) {
    files.set(name, await Deno.readFile(new URL(name, ROOT)));
  }
  return { files, sizes: await sizesOf(scripts) };
}

/** Writes a build; what was in the folder is gone. */
export async function writeBuild({ files }: Build, folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  for (const [path, bytes] of files) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(file.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeFile(file, bytes);
  }
}
