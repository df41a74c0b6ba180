// Says which share of the lines of lib the tests run, and fails when it is more than a little below the share that
// shares.json names: `main.ts FOLDER`, what `deno test --coverage=FOLDER` left.

import { fileURLToPath } from "node:url";
import { readLcov, shareOf, within } from "./share.ts";
import wanted from "./shares.json" with { type: "json" };

const FOLDER = "lib";
/** What nothing runs where there is no adapter. */
const GPU = "/lib/backend/webgpu/";
/** Files named as those with the most lines that nothing runs. */
const NAMED = 8;

async function main(folder: string): Promise<number> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["coverage", "--lcov", `--include=${root}${FOLDER}/`, folder],
    cwd: root,
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(`Cannot read coverage: ${new TextDecoder().decode(stderr).trim()}`);
  const all = within(readLcov(new TextDecoder().decode(stdout)), FOLDER);
  const adapter = await navigator.gpu?.requestAdapter();
  const files = adapter ? all : all.filter(({ file }) => !file.includes(GPU));
  if (!adapter) console.log(`There is no GPU adapter: ${GPU.slice(1)} is left out`);
  const share = shareOf(files);
  const missed = files.map(({ file, lines, ran }) => ({ file: file.slice(root.length), missed: lines - ran }))
    .sort((a, b) => b.missed - a.missed).slice(0, NAMED);
  for (const { file, missed: lines } of missed) {
    console.log(`${String(lines).padStart(5)} lines not run  ${file}`);
  }
  const least = (adapter ? wanted.percent : wanted.percentWithoutGpu) - wanted.slack;
  console.log(
    `${FOLDER}: ${share.toFixed(1)} % of ${files.length} files' lines are run, wanted ${least.toFixed(1)} %`,
  );
  return share >= least ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args[0] ?? "coverage"));
