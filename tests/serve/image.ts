// The configuration of the container's image: deno.json with the packages that the endpoint loads and no others. With all
// of them an image would hold browsers' drivers and runtimes of tests, which Deno wants to be there when it starts.
// `deno run -A tests/serve/image.ts` writes it and its lock.

import { inRepository } from "../shared.ts";

/** The files, beside the Dockerfile that copies them. */
export const CONFIG = "examples/serve/image.json";
/** Checksums of the packages. */
export const LOCK = "examples/serve/image.lock";

/** Modules that the image caches. */
export const ROOTS = ["app/serve/main.ts", "app/serve/decoder_worker.ts", "lib/worker/main.ts"];

/** Runs Deno in the repository; its output. */
export async function deno(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: inRepository("."),
  })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  return new TextDecoder().decode(stdout);
}

/** Packages that the roots import, also when they are first needed: `hono@4.13.19`. */
async function importedPackages(): Promise<Set<string>> {
  const lists = await Promise.all(
    ROOTS.map(async (root) =>
      JSON.parse(await deno("info", "--json", root)).modules as readonly { readonly npmPackage?: string }[]
    ),
  );
  // Behind the version stand those of peers.
  return new Set(lists.flat().flatMap(({ npmPackage }) => npmPackage?.match(/^@?[^@]+@[^_]+/) ?? []));
}

/** The configuration as text. */
export async function imageConfig(): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(inRepository("deno.json")));
  const packages = await importedPackages();
  const kept = Object.entries<string>(imports).filter(([, target]) => {
    const [, name] = /^npm:\/?(@?[^@]+@[^/]+)/.exec(target) ?? [];
    return name === undefined || packages.has(name);
  });
  return `${JSON.stringify({ imports: Object.fromEntries(kept), nodeModulesDir: "none" }, null, 2)}\n`;
}

if (import.meta.main) {
  await Deno.writeTextFile(inRepository(CONFIG), await imageConfig());
  await Deno.remove(inRepository(LOCK)).catch(() => {});
  // Names of the configuration are looked for beside it: it stands in the root for a moment.
  const beside = inRepository("image.tmp.json");
  await Deno.copyFile(inRepository(CONFIG), beside);
  try {
    await deno("cache", "--config", beside, "--lock", inRepository(LOCK), "--frozen=false", ...ROOTS);
  } finally {
    await Deno.remove(beside);
  }
}
