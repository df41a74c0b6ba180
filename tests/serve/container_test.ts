// The container's very command line without Docker: the files that the Dockerfile copies and the packages that it fetches,
// in a folder where nothing can be written, run by a user without rights where the tests may change users.

import assert from "node:assert/strict";
import { inRepository } from "../shared.ts";
import { CONFIG, deno, imageConfig, LOCK, ROOTS } from "./image.ts";
import { environmentOf, stagesOf, texts } from "./dockerfile.ts";

const [, files, last] = stagesOf(Deno.readTextFileSync(inRepository("examples/serve/Dockerfile")));

async function output(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd: inRepository(".") })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Copies what git knows of a file or folder, as a fresh clone has it. */
async function copyTracked(source: string, target: string): Promise<void> {
  const listed = await output("git", "ls-files", "--cached", "--others", "--exclude-standard", source);
  for (const file of listed.split("\n").filter(Boolean)) {
    const to = file === source ? target : `${target}${file.slice(source.length)}`;
    await Deno.mkdir(to.replace(/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(inRepository(file), to);
  }
}

/** The `COPY` lines of the stage that gathers files. */
async function copyFiles(root: string): Promise<void> {
  for (const text of texts(files!, "COPY").filter((text) => !text.startsWith("--from"))) {
    const words = text.split(/\s+/);
    const to = words.pop()!;
    for (const source of words) {
      const name = /\/$/.test(to) ? `${to.replace(/^\.\//, "")}${source.split("/").at(-1)}` : to;
      await copyTracked(source, `${root}/${name}`);
    }
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** A lock file: checksums by `name@version`, with peers behind it. */
async function lockOf(path: string): Promise<Record<string, { readonly integrity: string }>> {
  return JSON.parse(await Deno.readTextFile(inRepository(path))).npm;
}

/** The packages that the `RUN` line fetches, from this machine's cache. */
async function copyPackages(target: string): Promise<void> {
  const { denoDir, npmCache } = JSON.parse(await deno("info", "--json"));
  const registries = await Array.fromAsync(Deno.readDir(npmCache), ({ name }) => `${npmCache}/${name}`);
  for (const id of Object.keys(await lockOf(LOCK))) {
    const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(id)!;
    for (const registry of registries) {
      const from = `${registry}/${name}/${version}`;
      if (await Deno.stat(from).then(() => true, () => false)) {
        await copyFolder(from, `${target}${from.slice(denoDir.length)}`);
      }
    }
  }
}

Deno.test("the container's command serves from files that can not be written, by a user without rights", async () => {
  const root = await Deno.makeTempDir();
  try {
    await copyFiles(`${root}/walrus`);
    await copyPackages(`${root}/deno-dir`);
    await Deno.copyFile(Deno.execPath(), `${root}/deno`);
    await output("chmod", "-R", "a+rX,a-w", root);
    const here = (text: string) =>
      text.replaceAll("/walrus", `${root}/walrus`).replaceAll("/deno-dir", `${root}/deno-dir`);
    const [entrypoint, command] = ["ENTRYPOINT", "CMD"].map((name) => JSON.parse(texts(last!, name)[0]!));
    assert.equal(entrypoint[0], "deno");
    const [user] = texts(last!, "USER");
    const [uid, gid] = user!.split(":").map(Number);
    assert.ok(uid! > 0 && gid! > 0);
    const isRoot = (await output("id", "-u")).trim() === "0";
    const args = [...entrypoint.slice(1), ...command].map(here);
    const child = new Deno.Command(`${root}/deno`, {
      args: [...args, "--host", "127.0.0.1", "--port", "0"],
      cwd: here(texts(last!, "WORKDIR")[0]!),
      clearEnv: true,
      env: Object.fromEntries(Object.entries(environmentOf(last!)).map(([name, text]) => [name, here(text)])),
      ...isRoot ? { uid: uid!, gid: gid! } : {},
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    try {
      while (!/"event":"listening"/.test(said)) {
        const { value, done } = await reader.read();
        if (done) break;
        said += value;
      }
      const [, url] = /"url":"([^"]+)"/.exec(said) ?? [];
      assert.ok(
        url,
        said + new TextDecoder().decode(url ? undefined : (await child.stderr.bytes?.()) ?? undefined),
      );
      // The reader of HDF5 is a package that is loaded when it is first needed.
      const body = await Deno.readFile(inRepository("examples/data/gray_scott_mini.hdf5"));
      const response = await fetch(`${url}v1/forecast?steps=1&format=npz`, {
        method: "POST",
        body,
        headers: { "content-type": "application/x-hdf5" },
      });
      assert.equal(response.status, 200, response.ok ? "" : await response.text());
      assert.equal(new TextDecoder().decode((await response.bytes()).subarray(0, 2)), "PK");
      const hdf5 = await fetch(`${url}v1/forecast?format=hdf5`, {
        method: "POST",
        body: '{"data":{"dataset":"euler_quadrants"}}',
        headers: { "content-type": "application/json" },
      });
      assert.equal(hdf5.status, 200, hdf5.ok ? "" : await hdf5.text());
      await hdf5.body!.cancel();
    } finally {
      child.kill("SIGTERM");
    }
    reader.releaseLock();
    const [{ code }, errors] = await Promise.all([child.status, new Response(child.stderr).text()]);
    assert.equal(code, 0, errors);
    assert.doesNotMatch(errors, /error|denied|read-only/i);
  } finally {
    await output("chmod", "-R", "u+w", root);
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("the image's configuration has the packages that are loaded, with the checksums of the repository", async () => {
  const wanted = "wanted what deno run -A tests/serve/image.ts writes";
  assert.equal(await Deno.readTextFile(inRepository(CONFIG)), await imageConfig(), wanted);
  const withoutPeers = (
    [id, { integrity }]: [string, { readonly integrity: string }],
  ) => [id.replace(/_.*/, ""), integrity];
  const all = Object.fromEntries(Object.entries(await lockOf("deno.lock")).map(withoutPeers));
  const own = Object.entries(await lockOf(LOCK)).map(withoutPeers);
  assert.ok(own.length > 8);
  for (const [id, integrity] of own) assert.equal(integrity, all[id!], `${id}`);
  const specifiers = Object.keys(JSON.parse(await Deno.readTextFile(inRepository(LOCK))).specifiers);
  for (const target of Object.values<string>(JSON.parse(await imageConfig()).imports)) {
    if (!target.startsWith("npm:")) continue;
    const name = target.replace("npm:/", "npm:");
    assert.ok(specifiers.some((specifier) => name.startsWith(specifier)), name);
  }
  assert.deepEqual(texts(files!, "RUN"), [`deno cache --frozen ${ROOTS.join(" ")}`]);
});

Deno.test("the container's last stage has no root, no package manager's work and the task's own rights", async () => {
  assert.match(texts(last!, "FROM")[0]!, /^debian:\d+-slim$/);
  assert.deepEqual(texts(last!, "RUN"), []);
  const { tasks } = JSON.parse(await Deno.readTextFile(inRepository("deno.json")));
  const own: string[] = JSON.parse(texts(last!, "ENTRYPOINT")[0]!);
  const task: string[] = tasks.serve.command.split(" ");
  const rights = (words: readonly string[]) =>
    words.filter((word) => /^--(?:allow|unstable)/.test(word)).map((word) => word.replace(/read=.*/, "read"));
  assert.deepEqual(rights(own).toSorted(), rights(task).toSorted());
});
