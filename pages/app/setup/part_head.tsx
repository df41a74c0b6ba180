// The head of a part of the set-up: its name, and what opens more of it.

interface PartHeadProps {
  readonly title: string;
  /** What the button says; null: there is none. */
  readonly action?: string | null;
  readonly open?: boolean;
  onAction?(): void;
}

/** See the head of the file. */
export function PartHead({ title, action = null, open = false, onAction }: PartHeadProps) {
  return (
    <div class="part-head">
      <h3>{title}</h3>
      {action && (
        <button type="button" class="quiet" aria-expanded={open} onClick={() => onAction?.()}>
          {action}
        </button>
      )}
    </div>
  );
}
