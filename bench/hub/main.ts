// Does a large download survive what happens to it? 300 MB from a Hub on this machine: whole, cut at 20 random places,
// its process killed (SIGKILL) ten times, by two processes at once, with a wrong byte, onto a disk that is too small.
// Each ends verified or with the reason; results go to bench/results/hub.json.

import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { diskFolder, DiskFullError, fetchFiles, HubError, keptRepos, parseHubName, verify } from "walrus/hub";
import { patterned, type ServedHub, type ServedRepo, serveHub } from "../../tests/hub/server.ts";
import { processorName } from "../machine.ts";
import { writeResults } from "../results.ts";

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "300000000" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "bench/results/hub.json" },
  },
});

const SIZE = Number(options.size);
const BYTES = patterned(SIZE, Number(options.seed));
const DIGEST = createHash("sha256").update(BYTES).digest("hex");
const COMMIT = "c".repeat(40);
const NAME = "hf:org/name/large.bin";
const REPO: ServedRepo = { kind: "model", repo: "org/name", commit: COMMIT, files: { "large.bin": BYTES } };
const BLOB = `models--org--name/blobs/${DIGEST}`;

let state = Number(options.seed);
/** A random whole number from 0 to below `limit`. */
function below(limit: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor(state / 2 ** 32 * limit);
}

interface Row {
  readonly case: string;
  /** What came of it: the bytes are right, or the reason. */
  readonly outcome: string;
  /** Bytes that the Hub sent more than the file has. */
  readonly sentTwice: number;
  readonly seconds: number;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

/** Whether the kept file is right, and nothing else lies beside it. */
async function outcome(cache: string): Promise<string> {
  const right = await digestOf(`${cache}/models--org--name/snapshots/${COMMIT}/large.bin`) === DIGEST;
  const blobs = [...Deno.readDirSync(`${cache}/models--org--name/blobs`)].map(({ name }) => name);
  return right && blobs.length === 1 ? "verified" : `wrong: ${blobs.join(", ")}`;
}

async function scenario(
  name: string,
  run: (hub: ServedHub, cache: string) => Promise<string>,
  folder?: string,
): Promise<Row> {
  const cache = folder ?? await Deno.makeTempDir();
  try {
    await using hub = serveHub([REPO]);
    const began = performance.now();
    const said = await run(hub, cache);
    const seconds = Number(((performance.now() - began) / 1000).toFixed(2));
    const row = { case: name, outcome: said, sentTwice: Math.max(0, hub.sent() - SIZE), seconds };
    console.error(JSON.stringify(row));
    return row;
  } finally {
    if (!folder) await Deno.remove(cache, { recursive: true });
  }
}

function child({ endpoint }: ServedHub, cache: string): Deno.ChildProcess {
  const args = ["run", "--allow-read", "--allow-write", "--allow-net=127.0.0.1", "tests/hub/fetch_child.ts"];
  return new Deno.Command(Deno.execPath(), { args: [...args, endpoint, cache, NAME], stderr: "piped" })
    .spawn();
}

async function ended(process: Deno.ChildProcess): Promise<void> {
  const { success, stderr } = await process.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

const KILLS = 10;
const CUTS = 20;

async function killed(hub: ServedHub, cache: string): Promise<string> {
  // Else most of what is sent twice would lie in the sockets.
  hub.faults.slow = 1;
  const places = Array.from({ length: KILLS }, () => below(SIZE)).sort((a, b) => a - b);
  for (const place of places) {
    const running = child(hub, cache);
    await new Promise<void>((resolve) => {
      hub.faults.onSent = (sent) => sent >= place && resolve();
      if (hub.sent() >= place) setTimeout(resolve, 300);
    });
    running.kill("SIGKILL");
    await running.output();
  }
  hub.faults.onSent = () => {};
  await ended(child(hub, cache));
  return await outcome(cache);
}

async function wrongByte({ endpoint, faults }: ServedHub, cache: string): Promise<string> {
  faults.wrongByte = below(SIZE);
  try {
    await fetchFiles(parseHubName(NAME), { endpoint, cache });
    return "not found";
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    const left = await diskFolder(cache).info(BLOB);
    return left
      ? "kept"
      : `found: ${/its checksum is/.test(error.message) ? "the checksum differs" : error.message}`;
  }
}

/** A disk of 64 MiB, where this process may make one; null elsewhere. */
async function smallDisk(): Promise<string | null> {
  const folder = await Deno.makeTempDir();
  const { success } = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder],
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  return success ? folder : null;
}

async function fullDisk({ endpoint }: ServedHub, cache: string): Promise<string> {
  const small: ServedRepo = { ...REPO, repo: "org/other", files: { "small.bin": patterned(2_000_000) } };
  await using other = serveHub([small]);
  await fetchFiles(parseHubName("hf:org/other"), { endpoint: other.endpoint, cache });
  const disk = diskFolder(cache);
  const said: string[] = [];
  // First as it is, then with a disk that does not tell how much is left.
  for (const folder of [disk, { ...disk, free: () => Promise.resolve(null) }]) {
    try {
      await fetchFiles(parseHubName(NAME), { endpoint, cache: folder });
      return "not found";
    } catch (error) {
      if (!(error instanceof DiskFullError)) throw error;
      said.push(error.message.replaceAll(cache, "DISK").replace(DIGEST, "CHECKSUM"));
    }
  }
  const [repo] = (await keptRepos(disk)).filter(({ repo }) => repo === "org/other");
  const { right, wrong } = await verify(disk, repo!);
  return `said: ${said.join("; ")}; what was kept: ${right} right, ${wrong.length} wrong`;
}

const rows = [
  await scenario("whole, 4 connections", async ({ endpoint }, cache) => {
    await fetchFiles(parseHubName(NAME), { endpoint, cache });
    return await outcome(cache);
  }),
  await scenario(`cut at ${CUTS} random places`, async ({ endpoint, faults }, cache) => {
    faults.cut = Array.from({ length: CUTS }, () => 1 + below(16 << 20));
    await fetchFiles(parseHubName(NAME), { endpoint, cache });
    return faults.cut.length === 0 ? await outcome(cache) : `${faults.cut.length} cuts were not met`;
  }),
  await scenario(`process killed (SIGKILL) at ${KILLS} random places`, killed),
  await scenario("two processes at once", async (hub, cache) => {
    await Promise.all([ended(child(hub, cache)), ended(child(hub, cache))]);
    return await outcome(cache);
  }),
  await scenario("one wrong byte", wrongByte),
];
const disk = await smallDisk();
if (disk) {
  try {
    rows.push(await scenario("a disk of 64 MiB", fullDisk, disk));
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
    await Deno.remove(disk);
  }
}

await writeResults(options.out, {
  question: "Does a large download survive what happens to it?",
  command: ["deno task bench:hub", ...Deno.args].join(" "),
  versions: { deno: Deno.version.deno },
  processor: await processorName(),
  bytes: SIZE,
  rows,
});
