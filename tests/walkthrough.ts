// A walk through README.md and the pages of docs/ as somebody takes it who has nothing but a fresh clone: every file
// that a page tells to save is saved, every command of its blocks is run as it stands. What is not run is named below with
// the reason; a command that is neither run nor named does not exist. `deno task walkthrough`.

import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));
const PAGES = ["README.md", "docs/first_file.md", "docs/training.md"];

/** Commands that are not run, by how they begin, and why. */
const LEFT_OUT: readonly (readonly [RegExp, string])[] = [
  [/task test$/, "CI runs the tests by themselves"],
  [/huggingface\.co/, "5 GB are fetched"],
  [/walrus\.safetensors --config extended_config\.yaml/, "needs the 5 GB"],
];

/** Overrides that make runs short; the pages' own numbers take hours. */
const SHORT = "training.steps=2 data.samples=1 model.hidden_dim=32 model.heads=2 model.blocks=1 " +
  "validation.windows=1 validation.rollout=0 checkpoint.every=1 training.remat=0";

/** Commands that are run for less long. */
function shortened(command: string): string {
  if (/task train\b/.test(command)) {
    return /--extend/.test(command)
      ? `${command.replace("training.steps=9000", "training.steps=4")} ${
        SHORT.replace("training.steps=2 ", "")
      }`
      : `${command} ${SHORT}`;
  }
  if (/task finetune\b/.test(command)) {
    return `${command} training.steps=2 validation.windows=1 validation.rollout=0`;
  }
  return command;
}

/** A block of a page. */
interface Block {
  readonly language: string;
  readonly text: string;
}

/** Blocks of a page in order. */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language: language!,
    text: text!,
  }));
}

/** Commands of a block of shell: lines without what is said behind them. */
export function commandsOf({ text }: Block): string[] {
  return text.split("\n").map((line) => line.replace(/\s+#.*$/, "").trim()).filter((line) =>
    line !== "" && !line.startsWith("#")
  );
}

/** Name of the file that a block is saved as: its first line, a comment, says so. */
export function fileOf({ language, text }: Block): string | null {
  if (!["python", "ts", "yaml"].includes(language)) return null;
  return /^(?:#|\/\/) ([\w.-]+\.(?:py|ts|yaml))$/m.exec(text.split("\n")[0]!)?.[1] ?? null;
}

async function run(
  command: string,
  folder: string,
  path: string,
): Promise<{ success: boolean; said: string }> {
  const { success, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", command],
    cwd: folder,
    env: { PATH: path, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return { success, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** The files of the repository that a user needs; tests and the sources of kernels are not among them. */
async function clone(folder: string): Promise<void> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "--cached", "--others", "--exclude-standard"],
    cwd: REPOSITORY,
  }).output();
  for (const file of new TextDecoder().decode(stdout).split("\n").filter(Boolean)) {
    if (/^(?:tests|wasm|bench)\//.test(file)) continue;
    await Deno.mkdir(`${folder}/${file.replace(/[^/]*$/, "")}`, { recursive: true });
    await Deno.copyFile(`${REPOSITORY}/${file}`, `${folder}/${file}`);
  }
}

/** `deno`, and `npx -y deno@VERSION`, as this very runtime. */
async function tools(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const scripts = {
    deno: `#!/bin/sh\nexec "${Deno.execPath()}" "$@"\n`,
    npx: `#!/bin/sh\nshift 2\nexec "${Deno.execPath()}" "$@"\n`,
  };
  for (const [name, text] of Object.entries(scripts)) {
    await Deno.writeTextFile(`${folder}/${name}`, text, { mode: 0o755 });
  }
}

/** A Python that has h5py, made in a folder of its own where pip reaches it. */
async function python(folder: string, path: string): Promise<boolean> {
  const has = `python3 -c "import h5py, numpy"`;
  if ((await run(has, folder, path)).success) return true;
  const made = await run("python3 -m venv python && python/bin/pip -q install h5py numpy", folder, path);
  if (!made.success) return false;
  const text = `#!/bin/sh\nexec "${folder}/python/bin/python3" "$@"\n`;
  await Deno.writeTextFile(`${folder}/tools/python3`, text, { mode: 0o755 });
  return (await run(has, folder, path)).success;
}

/** Walks through all pages. @returns how many commands failed */
async function walk(): Promise<number> {
  const root = await Deno.makeTempDir();
  let failed = 0;
  try {
    const folder = `${root}/walrus`;
    await clone(folder);
    await tools(`${root}/tools`);
    const path = `${root}/tools:${Deno.env.get("PATH") ?? ""}`;
    const hasPython = await python(root, path);
    for (const page of PAGES) {
      for (const block of blocksOf(await Deno.readTextFile(`${folder}/${page}`))) {
        const file = fileOf(block);
        if (file) await Deno.writeTextFile(`${folder}/${file}`, block.text);
        if (block.language !== "sh") continue;
        for (const command of commandsOf(block)) {
          const reason = LEFT_OUT.find(([pattern]) => pattern.test(command))?.[1] ??
            (command.startsWith("python3") && !hasPython ? "there is no h5py" : undefined);
          if (reason) {
            console.log(`${page}: left out, ${reason}: ${command}`);
            continue;
          }
          // Without Python the page's other program stands in for the file that the first would have written.
          if (!hasPython && /--input mine\.hdf5/.test(command)) {
            await Deno.copyFile(`${folder}/datasets/mine/data/valid/mine.hdf5`, `${folder}/mine.hdf5`);
          }
          const began = performance.now();
          const { success, said } = await run(shortened(command), folder, path);
          const took = ((performance.now() - began) / 1000).toFixed(0);
          console.log(`${page}: ${success ? "ok" : "FAILED"} (${took} s): ${command}`);
          if (!success) {
            failed++;
            console.log(said.split("\n").slice(-20).map((line) => `  ${line}`).join("\n"));
          }
        }
      }
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
  return failed;
}

if (import.meta.main) Deno.exit(await walk() > 0 ? 1 : 0);
