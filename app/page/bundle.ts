// Scripts of pages: a TypeScript module and all it imports as one file for browsers.

/**
 * Bundles a module for browsers.
 *
 * @param path of the module
 * @param options whether names and spaces are shortened
 * @throws Error with what the bundler says
 */
export async function bundle(
  path: string,
  { minify = false }: { readonly minify?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const out = await Deno.makeTempFile({ suffix: ".js" });
  try {
    const args = [
      "bundle",
      "--platform",
      "browser",
      "--quiet",
      ...minify ? ["--minify"] : [],
      "-o",
      out,
      path,
    ];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    if (code !== 0) throw new Error(`Cannot bundle "${path}": ${new TextDecoder().decode(stderr).trim()}`);
    return await Deno.readFile(out);
  } finally {
    await Deno.remove(out);
  }
}

/** Pages with these headers have shared memory, hence threads. */
export const ISOLATED: Readonly<Record<string, string>> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
