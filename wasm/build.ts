// Builds the kernels in eight variants and writes them as text modules to lib/backend/wasm/modules. With --check the
// result is compared with the committed files instead: exit code 0 when equal, 1 when not, 3 when another compiler
// built it, so that nothing can be said by comparing: then build and run the tests on the rebuild.
//
// Wants a Rust toolchain with the sources of its standard library, since none comes with shared memory prebuilt:
// rustup's with the component rust-src, or Debian's packages rustc-web, cargo-web, rust-web-src and lld-19.

import { fileURLToPath } from "node:url";
import { unpack } from "../lib/backend/wasm/module.ts";

const HERE = new URL("./", import.meta.url);
const MODULES = new URL("../lib/backend/wasm/modules/", import.meta.url);

const FEATURES = "+simd128,+bulk-memory,+mutable-globals,+nontrapping-fptoint,+sign-ext";
const LINK = ["--import-memory", "--export=__stack_pointer", "--export=__heap_base", "-zstack-size=65536"];

/** Bits of an address, and bytes of the largest memory runtimes make with such. */
const ADDRESSES = { wasm32: 2 ** 32, wasm64: 2 ** 34 } as const;

/** What a variant adds; module.ts chooses among them. */
interface Variant {
  readonly features: string;
  readonly link: readonly string[];
  readonly target: keyof typeof ADDRESSES;
}

const VARIANTS = new Map<string, Variant>();
for (const target of ["wasm32", "wasm64"] as const) {
  for (const simd of ["plain", "relaxed"]) {
    for (const threads of [false, true]) {
      const name = `${simd}${threads ? "_threads" : ""}${target === "wasm64" ? "_64" : ""}`;
      VARIANTS.set(name, {
        features: (threads ? ",+atomics" : "") + (simd === "relaxed" ? ",+relaxed-simd" : ""),
        link: threads ? ["--shared-memory", `--max-memory=${ADDRESSES[target]}`] : [],
        target,
      });
    }
  }
}

interface Toolchain {
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

async function findToolchain(): Promise<Toolchain> {
  const found = await probe("rustc", "cargo") ?? await probe("/usr/bin/rustc", "/usr/bin/cargo");
  if (found) return found;
  console.error("No Rust toolchain with its sources was found. Either of these installs one:");
  console.error("  apt-get install rustc-web cargo-web rust-web-src lld-19");
  console.error("  rustup component add rust-src && rustup target add wasm32-unknown-unknown");
  Deno.exit(2);
}

/** Bytes of one variant. */
async function build(name: string, toolchain: Toolchain): Promise<Uint8Array<ArrayBuffer>> {
  const variant = VARIANTS.get(name);
  if (!variant) throw new RangeError(`There is no variant "${name}"`);
  const flags = [
    "-C",
    `target-feature=${FEATURES}${variant.features}`,
    ...toolchain.linker,
    ...[...LINK, ...variant.link].flatMap((argument) => ["-C", `link-arg=${argument}`]),
    // Nothing of where it was built may get into the module.
    "-Zlocation-detail=none",
  ];
  const folder = fileURLToPath(new URL(`target/${name}`, HERE));
  const triple = `${variant.target}-unknown-unknown`;
  const args = ["build", "--release", "--target", triple, "--target-dir", folder];
  args.push("-Zbuild-std=core,panic_abort");
  if (toolchain.vendor) {
    args.push("--config", 'source.crates-io.replace-with="vendored"');
    args.push("--config", `source.vendored.directory="${toolchain.vendor}"`);
  }
  const { success } = await new Deno.Command(toolchain.cargo, {
    args,
    cwd: HERE,
    env: { RUSTC: toolchain.rustc, RUSTC_BOOTSTRAP: "1", CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") },
  }).spawn().status;
  if (!success) Deno.exit(1);
  return await Deno.readFile(`${folder}/${triple}/release/walrus_kernels.wasm`);
}

async function pack(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer()).toBase64();
}

function source(version: string, text: string): string {
  return `// Generated by wasm/build.ts from wasm/src: do not edit.

/** Compiler of this build. */
export const compiler = "${version}";

/** The module: raw deflate in base64. */
export const text =
  "${text}";
`;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const flags = new Set(Deno.args.filter((a) => a.startsWith("--")));
const names = Deno.args.filter((a) => !a.startsWith("--"));
const check = flags.has("--check");
const toolchain = await findToolchain();
console.log(toolchain.version);
let different = 0;
let incomparable = 0;
for (const name of names.length > 0 ? names : VARIANTS.keys()) {
  const bytes = await build(name, toolchain);
  const file = new URL(`${name}.ts`, MODULES);
  if (!check) {
    await Deno.mkdir(MODULES, { recursive: true });
    await Deno.writeTextFile(file, source(toolchain.version, await pack(bytes)));
    console.log(`${name}: ${bytes.length} bytes`);
    continue;
  }
  const committed = await import(file.href) as { compiler: string; text: string };
  if (equal(await unpack(committed.text), bytes)) {
    console.log(`${name}: equal to the committed build, ${bytes.length} bytes`);
  } else if (committed.compiler !== toolchain.version) {
    incomparable++;
    console.log(`${name}: can not be compared, the committed build is by ${committed.compiler}`);
  } else {
    different++;
    console.error(`${name}: differs from the committed build; run deno task build:wasm`);
  }
}
if (different > 0) Deno.exit(1);
if (incomparable > 0) {
  console.log("The committed builds are by another compiler: run the tests on a rebuild instead");
  Deno.exit(3);
}
