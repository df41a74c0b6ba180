// Which machine a result was measured on.

/** What the processor calls itself, or the architecture where no file tells. */
export async function processorName(): Promise<string> {
  const text = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  return text.match(/model name\s*: (.*)/)?.[1] ?? Deno.build.arch;
}
