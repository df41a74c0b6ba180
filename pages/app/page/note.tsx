// A message beside its cause, with what to do about it.

import type { Message } from "../message.ts";

/** Draws a message; null: nothing. */
export function Note({ message }: { readonly message: Message | null }) {
  if (!message) return null;
  return (
    <div class={`note ${message.level}`}>
      <p>{message.text}</p>
      {message.actions.length > 0 && (
        <div class="row">
          {message.actions.map(({ label, run }) => (
            <button type="button" key={label} onClick={run}>{label}</button>
          ))}
        </div>
      )}
    </div>
  );
}

/** How far something is. */
export function Bar({ share, label }: { readonly share: number | null; readonly label: string }) {
  const percent = Math.round(100 * (share ?? 0));
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...share === null ? {} : { "aria-valuenow": percent }}
    >
      <span style={{ width: `${share === null ? 100 : percent}%`, opacity: share === null ? 0.4 : 1 }} />
    </div>
  );
}
