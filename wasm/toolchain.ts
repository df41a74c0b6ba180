// The Rust toolchain that builds and checks the kernels, and the variants they come in.
//
// Wants a toolchain with the sources of its standard library, since none comes with shared memory prebuilt: rustup's with
// the component rust-src, or Debian's packages rustc-web, cargo-web, rust-web-src and lld-19.

import { delimiter, dirname, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = new URL("./", import.meta.url);

const FEATURES = "+simd128,+bulk-memory,+mutable-globals,+nontrapping-fptoint,+sign-ext";
const LINK = ["--import-memory", "--export=__stack_pointer", "--export=__heap_base", "-zstack-size=65536"];

/** Bits of an address, and bytes of the largest memory runtimes make with such. */
const ADDRESSES = { wasm32: 2 ** 32, wasm64: 2 ** 34 } as const;

/** What a variant adds; module.ts chooses among them. */
export interface Variant {
  readonly features: string;
  readonly link: readonly string[];
  readonly target: keyof typeof ADDRESSES;
  /** Whether it has the kernels of backward passes. */
  readonly trains: boolean;
}

/** Builds of the kernels by name. */
export const VARIANTS = new Map<string, Variant>();
for (const target of ["wasm32", "wasm64"] as const) {
  for (const simd of ["plain", "relaxed"]) {
    for (const threads of [false, true]) {
      const name = `${simd}${threads ? "_threads" : ""}${target === "wasm64" ? "_64" : ""}`;
      const variant = {
        features: (threads ? ",+atomics" : "") + (simd === "relaxed" ? ",+relaxed-simd" : ""),
        link: threads ? ["--shared-memory", `--max-memory=${ADDRESSES[target]}`] : [],
        target,
      };
      VARIANTS.set(name, { ...variant, trains: true });
      // Bundles have no kernels for 64-bit addresses.
      if (target === "wasm32") VARIANTS.set(`${name}_forecast`, { ...variant, trains: false });
    }
  }
}

/** Where its programs are. */
export interface Toolchain {
  readonly rustc: string;
  readonly cargo: string;
  /** Arguments that name the linker, none for the toolchain's own. */
  readonly linker: readonly string[];
  /** Crates the standard library depends on, if they come with it. */
  readonly vendor: string | null;
  readonly version: string;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function output(command: string, ...args: string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

/** A toolchain by its compiler, or null when it can not build the kernels. */
async function probe(rustc: string, cargo: string): Promise<Toolchain | null> {
  const sysroot = await output(rustc, "--print", "sysroot");
  const version = await output(rustc, "--version");
  if (!sysroot || !version || !(await output(cargo, "--version"))) return null;
  const library = `${sysroot}/lib/rustlib/src/rust/library`;
  if (!await exists(`${library}/Cargo.lock`)) return null;
  const vendor = await exists(`${library}/vendor`) ? `${library}/vendor` : null;
  // Rustup's toolchains bring a linker, Debian's only name one of a package they do not ask for.
  const libraries = await output(rustc, "--print", "target-libdir");
  const linker = await exists(`${libraries}/../bin/rust-lld`) ? [] : ["-C", "linker=wasm-ld-19"];
  return { rustc, cargo, linker, vendor, version };
}

/** A toolchain on this machine; ends the process where there is none. */
export async function findToolchain(): Promise<Toolchain> {
  const found = await probe("rustc", "cargo") ?? await probe("/usr/bin/rustc", "/usr/bin/cargo");
  if (found) return found;
  console.error("No Rust toolchain with its sources was found. Either of these installs one:");
  console.error("  apt-get install rustc-web cargo-web rust-web-src lld-19");
  console.error("  rustup component add rust-src && rustup target add wasm32-unknown-unknown");
  Deno.exit(2);
}

/** A variant by its name. @throws RangeError when there is none */
function variantOf(name: string): Variant {
  const variant = VARIANTS.get(name);
  if (!variant) throw new RangeError(`There is no variant "${name}"`);
  return variant;
}

/** Folder that a variant is built in, and the module in it. With and without training the standard library is the same. */
export function targetOf(name: string): { folder: string; module: string } {
  const folder = fileURLToPath(new URL(`target/${name.replace(/_forecast$/, "")}`, HERE));
  const module = `${folder}/${variantOf(name).target}-unknown-unknown/release/walrus_kernels.wasm`;
  return { folder, module };
}

/** Arguments and environment that make cargo build a variant, its standard library included. */
export function crossBuild(
  name: string,
  toolchain: Toolchain,
): { args: string[]; env: Record<string, string> } {
  const variant = variantOf(name);
  const flags = [
    "-C",
    `target-feature=${FEATURES}${variant.features}`,
    ...toolchain.linker,
    ...[...LINK, ...variant.link].flatMap((argument) => ["-C", `link-arg=${argument}`]),
    // Nothing of where it was built may get into the module.
    "-Zlocation-detail=none",
  ];
  const args = ["--target", `${variant.target}-unknown-unknown`, "-Zbuild-std=core,panic_abort"];
  if (!variant.trains) args.push("--no-default-features");
  if (toolchain.vendor) {
    args.push("--config", 'source.crates-io.replace-with="vendored"');
    args.push("--config", `source.vendored.directory="${toolchain.vendor}"`);
  }
  return { args, env: { RUSTC_BOOTSTRAP: "1", CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") } };
}

/** Runs cargo on the kernels. @returns whether it succeeded */
export async function cargo(
  toolchain: Toolchain,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<boolean> {
  // Cargo looks for its own commands, such as clippy, along the path.
  const path = isAbsolute(toolchain.cargo)
    ? { PATH: `${dirname(toolchain.cargo)}${delimiter}${Deno.env.get("PATH") ?? ""}` }
    : {};
  const { success } = await new Deno.Command(toolchain.cargo, {
    args: [...args],
    cwd: HERE,
    env: { RUSTC: toolchain.rustc, ...path, ...env },
  }).spawn().status;
  return success;
}
