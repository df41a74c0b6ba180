// What all commands share: one reader of options, one way errors and interruptions end, and the process around them.
// A command is a function of its words and of a context, so that other programs and tests run it too; only `main`
// touches the process.

import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { ModelEntry } from "walrus/models";

/** What surrounds a command. */
export interface Context {
  /** Takes a line of results: standard output. */
  readonly print: (line: string) => void;
  /** Takes a line of progress, a warning or an error: standard error. */
  readonly warn: (line: string) => void;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  /** The terminal that shows results; absent for a file or a pipe. */
  readonly screen?: { readonly columns: number; readonly color: boolean };
  /** Whether standard error is a terminal, where a line may be overwritten. */
  readonly interactive?: boolean;
  /** Families of networks that are looked for; those of the library unless given. */
  readonly registry?: readonly ModelEntry[];
  /** Variables of the environment; those of the process unless given. */
  readonly environment?: (name: string) => string | undefined;
  /** Gives up network access for good; absent where others share the process. */
  readonly dropNetwork?: () => Promise<void>;
}

/** A command: words after its name in, the exit code out. It throws nothing. */
export type Run = (args: readonly string[], context: Context) => Promise<number>;

/** Exit codes. */
export const EXIT = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const;

/** What a command is made of. */
export interface CommandSpec<Options> {
  readonly name: string;
  /** What it does, for `--help`. */
  readonly description: string;
  /** Declares arguments and options. */
  readonly declare: (command: Command) => void;
  /** Old names of options that still work, with their new names: `{ "--old": "--new" }`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** What an interruption leaves, for the line that ends it. */
  readonly interrupted?: string;
  /**
   * Does the work.
   *
   * @param options as declared
   * @param context around the command
   * @param operands arguments that belong to no option
   * @param args all words as they were given
   * @returns the exit code; nothing stands for 0
   */
  readonly run: (
    options: Options,
    context: Context,
    operands: readonly string[],
    args: readonly string[],
  ) => Promise<number | void>;
}

/** An option under its old name: its value is the new option's. */
class OldOption extends Option {
  readonly #target: Option;

  constructor(name: string, target: Option) {
    super(target.flags.replace(target.long!, name));
    this.#target = target;
    if (target.parseArg) this.argParser(target.parseArg);
    this.hideHelp();
  }

  override attributeName(): string {
    return this.#target.attributeName();
  }
}

function addAliases(command: Command, aliases: Readonly<Record<string, string>>, context: Context): void {
  for (const [old, name] of Object.entries(aliases)) {
    const target = command.options.find(({ long }) => long === name);
    if (!target) throw new TypeError(`Cannot alias "${old}": there is no option "${name}"`);
    const option = new OldOption(old, target);
    let said = false;
    command.addOption(option).on(`option:${option.name()}`, () => {
      if (!said) context.warn(`warning: ${old} is now called ${name}`);
      said = true;
    });
  }
}

/** A mistake in one line, as the project's errors are worded. */
function wordsOf({ message }: CommanderError): string {
  return message.trim()
    .replace(/\n+/g, " ")
    .replace(/ argument '(.*)' is invalid\. /, " is '$1', ")
    .replace("Allowed choices are ", "wanted one of ")
    .replace(/\.$/, "");
}

/**
 * Makes a command of its parts. It returns 0 when it is done, 1 after an error, 2 after a mistake in the options and
 * 130 when it was interrupted; the error is the last line it writes.
 *
 * @param spec its parts
 */
export function command<Options>(spec: CommandSpec<Options>): Run {
  return async (args, context) => {
    const reader = new Command(spec.name)
      .description(spec.description)
      .exitOverride()
      .configureOutput({
        writeOut: (text) => context.print(text.trimEnd()),
        outputError: () => {},
        getOutHelpWidth: () => context.screen?.columns ?? 100,
        // Asking the environment about colours would take a permission that nothing else needs.
        getOutHasColors: () => false,
        getErrHasColors: () => false,
      });
    spec.declare(reader);
    addAliases(reader, spec.aliases ?? {}, context);
    try {
      reader.parse([...args], { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) return EXIT.done;
      context.warn(wordsOf(error));
      return EXIT.misused;
    }
    try {
      return await spec.run(reader.opts() as Options, context, reader.args, args) ?? EXIT.done;
    } catch (error) {
      if (context.signal.aborted) {
        context.warn(["interrupted", spec.interrupted].filter(Boolean).join(": "));
        return EXIT.interrupted;
      }
      context.warn(`error: ${error instanceof Error ? error.message : String(error)}`);
      return EXIT.failed;
    }
  };
}

/**
 * A parser of whole numbers.
 *
 * @param least smallest that is accepted
 * @param most largest
 */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER
        ? `wanted a whole number from ${least}`
        : `wanted a whole number from ${least} to ${most}`,
    );
  };
}

/** An option with one of several values. */
export function choice(
  flags: string,
  description: string,
  values: readonly string[],
  normal?: string,
): Option {
  return new Option(flags, description).choices(values).default(normal);
}

/**
 * Runs a command as this process: standard streams, Ctrl-C, and SIGTERM where there is one.
 *
 * @param run the command
 * @param waits what it does once it is interrupted; without, the process ends at once
 * @returns the exit code
 */
export async function main(run: Run, waits?: string): Promise<number> {
  const abort = new AbortController();
  const interrupt = () => {
    if (!waits || abort.signal.aborted) Deno.exit(EXIT.interrupted);
    console.error(`\ninterrupted: ${waits}; a second time stops at once`);
    abort.abort(new Error("interrupted"));
  };
  Deno.addSignalListener("SIGINT", interrupt);
  // What a cluster sends before it takes a machine back; Windows has no such signal.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", interrupt);
  return await run(Deno.args, {
    print: (line) => console.log(line),
    warn: (line) => console.error(line),
    signal: abort.signal,
    interactive: Deno.stderr.isTerminal(),
    ...(Deno.stdout.isTerminal()
      ? { screen: { columns: Deno.consoleSize().columns, color: !Deno.noColor } }
      : {}),
    dropNetwork: async () => void await Deno.permissions.revoke({ name: "net" }),
  });
}
