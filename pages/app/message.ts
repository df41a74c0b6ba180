// What is said beside its cause: what happened, the value, what to do.

/** A button beside a message. */
export interface Action {
  readonly label: string;
  run(): void;
}

/** A message. */
export interface Message {
  /** `bad` is told to screen readers at once. */
  readonly level: "info" | "warn" | "bad";
  readonly text: string;
  readonly actions: readonly Action[];
}

/** A message without buttons. */
export function say(level: Message["level"], text: string, actions: readonly Action[] = []): Message {
  return { level, text, actions };
}

/** What an error says, without its first words where they are the caller's own. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
