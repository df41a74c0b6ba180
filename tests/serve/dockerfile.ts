// What a Dockerfile says, as far as ours says it: instructions of stages, command lines as JSON.

/** One instruction. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** A stage: what is done after one FROM. */
export type Stage = readonly Instruction[];

/** Stages of a Dockerfile in their order; lines may go on behind a backslash. */
export function stagesOf(text: string): Stage[] {
  const lines = text.replace(/\\\n/g, " ").split("\n").map((line) => line.trim());
  const stages: Instruction[][] = [];
  for (const line of lines) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (!name) throw new SyntaxError(`Cannot read the line "${line}" of a Dockerfile`);
    if (name === "FROM") stages.push([]);
    stages.at(-1)!.push({ name, text: rest! });
  }
  return stages;
}

/** Texts of all instructions of a name. */
export function texts(stage: Stage, name: string): string[] {
  return stage.filter((instruction) => instruction.name === name).map(({ text }) => text);
}

/** `ENV A=b C=d` as a record. */
export function environmentOf(stage: Stage): Record<string, string> {
  return Object.fromEntries(
    texts(stage, "ENV").flatMap((text) =>
      text.split(/\s+/).map((pair) => {
        const at = pair.indexOf("=");
        return [pair.slice(0, at), pair.slice(at + 1)];
      })
    ),
  );
}
