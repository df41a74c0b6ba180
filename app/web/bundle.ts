// Scripts of pages: a TypeScript module and all it imports as one file for browsers.

/** How a bundle is made. */
export interface BundleOptions {
  /** Whether names and spaces are shortened. */
  readonly minify?: boolean;
  /** Packages that stay imported, `numcodecs/*`. */
  readonly external?: readonly string[];
}

/** Runs the bundler. @throws Error with what it says */
async function bundler(
  paths: readonly string[],
  { minify = false, external = [] }: BundleOptions,
  ...target: string[]
): Promise<void> {
  const args = [
    "bundle",
    "--platform",
    "browser",
    "--quiet",
    ...minify ? ["--minify"] : [],
    ...external.map((name) => `--external=${name}`),
    ...target,
    ...paths,
  ];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (code !== 0) {
    throw new Error(`Cannot bundle "${paths.join(", ")}": ${new TextDecoder().decode(stderr).trim()}`);
  }
}

/**
 * Bundles a module for browsers.
 *
 * @param path of the module
 * @param options of the bundler
 * @throws Error with what the bundler says
 */
export async function bundle(path: string, options: BundleOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const out = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await bundler([path], options, "-o", out);
    return await Deno.readFile(out);
  } finally {
    await Deno.remove(out);
  }
}

/**
 * Bundles modules for browsers as several scripts: what is imported dynamically is loaded when it is needed, what
 * several import once.
 *
 * @param paths of the modules
 * @param folder where the scripts go
 * @param options of the bundler
 * @throws Error with what the bundler says
 */
export async function bundleParts(
  paths: readonly string[],
  folder: string,
  options: BundleOptions = {},
): Promise<void> {
  await bundler(paths, options, "--code-splitting", "--outdir", folder);
}

/** Pages with these headers have shared memory, hence threads. */
export const ISOLATED: Readonly<Record<string, string>> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
