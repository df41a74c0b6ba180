// What all commands have in common: help, mistakes, errors, interruption, old names.

import assert from "node:assert/strict";
import { choice, command, wholeNumber } from "../../app/cli.ts";
import { COMMANDS, runCommand, runTask, TASKS } from "./run_command.ts";

for (const [name, run] of Object.entries(COMMANDS)) {
  Deno.test(`${name} --help explains, an unknown option ends with one line`, async () => {
    const help = await runCommand(run, ["--help"]);
    assert.deepEqual([help.code, help.err], [0, ""]);
    assert.match(help.out, new RegExp(`^Usage: ${name} `));
    assert.match(help.out, /-h, --help/);
    const mistake = await runCommand(run, ["--frobnicate"]);
    assert.deepEqual([mistake.code, mistake.out], [2, ""]);
    assert.match(mistake.err, /^error: unknown option '--frobnicate'[^\n]*$/);
  });
}

Deno.test("every command has a task, and its rights are enough for --help", async () => {
  const names = new Set<string>();
  for (const task of TASKS.keys()) {
    const { code, out, err } = await runTask(task, "--help");
    assert.deepEqual([code, err], [0, ""], task);
    names.add(/^Usage: (\S+)/.exec(out)?.[1] ?? `nothing of ${task}`);
  }
  assert.deepEqual([...names].sort(), Object.keys(COMMANDS).sort());
});

interface Options {
  readonly count: number;
  readonly kind: string;
  readonly cache: boolean;
}

/** A command that shows its options, and fails where it is told to. */
const sample = command<Options>({
  name: "sample",
  description: "Shows options.",
  declare: (reader) => {
    reader
      .argument("[words...]", "what to do")
      .option("--count <n>", "how many", wholeNumber(1, 9), 3)
      .addOption(choice("--kind <name>", "which", ["plain", "fancy"], "plain"))
      .option("--cache", "keep results", false);
  },
  aliases: { "--number": "--count", "--style": "--kind", "--keep": "--cache" },
  interrupted: "nothing is left",
  run({ count, kind, cache }, { print }, words) {
    if (words[0] === "fail") return Promise.reject(new RangeError(`Cannot do ${count}`));
    print(JSON.stringify([count, kind, cache, words]));
    return Promise.resolve(words[0] === "bad" ? 1 : undefined);
  },
});

Deno.test("a command reads options, gives its exit code and ends errors in one line", async () => {
  assert.deepEqual(await runCommand(sample, ["--count", "4", "a", "b"]), {
    code: 0,
    out: '[4,"plain",false,["a","b"]]',
    err: "",
  });
  assert.equal((await runCommand(sample, ["bad"])).code, 1);
  assert.deepEqual(await runCommand(sample, ["fail"]), { code: 1, out: "", err: "error: Cannot do 3" });
});

Deno.test("a mistake in the options names the option, its value and what was wanted", async () => {
  const mistakes: [string[], string][] = [
    [["--count", "0"], "error: option '--count <n>' is '0', wanted a whole number from 1 to 9"],
    [["--count", "1e0"], "error: option '--count <n>' is '1e0', wanted a whole number from 1 to 9"],
    [["--kind", "odd"], "error: option '--kind <name>' is 'odd', wanted one of plain, fancy"],
    [["--count"], "error: option '--count <n>' argument missing"],
    [["--cuont", "2"], "error: unknown option '--cuont' (Did you mean --count?)"],
  ];
  for (const [args, err] of mistakes) {
    assert.deepEqual(await runCommand(sample, args), { code: 2, out: "", err });
  }
});

Deno.test("old names of options work as the new ones and say so once", async () => {
  const old = await runCommand(sample, ["--number=5", "--number", "6", "--keep", "--style", "fancy"]);
  assert.deepEqual([old.code, old.out], [0, '[6,"fancy",true,[]]']);
  assert.deepEqual(old.err.split("\n").sort(), [
    "warning: --keep is now called --cache",
    "warning: --number is now called --count",
    "warning: --style is now called --kind",
  ]);
  assert.match(
    (await runCommand(sample, ["--number", "0"])).err,
    /^error: option '--number <n>' is '0', wanted/,
  );
  assert.ok(!(await runCommand(sample, ["--help"])).out.includes("--number"));
});

Deno.test("an interrupted command ends with 130 and says what is left", async () => {
  const signal = AbortSignal.abort(new Error("interrupted"));
  assert.deepEqual(await runCommand(sample, ["fail"], { signal }), {
    code: 130,
    out: "",
    err: "interrupted: nothing is left",
  });
});
