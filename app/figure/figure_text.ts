// Text in figures, and the greys of figures.

/** Colours of all that is no field. */
export interface Theme {
  /** Null: whatever lies under the figure. */
  readonly ground: string | null;
  readonly ink: string;
  readonly faint: string;
  readonly edge: string;
}

/** Read on white and on dark grey alike: contrast is above 4 on both. */
export const ON_ANY: Theme = { ground: null, ink: "#6f757c", faint: "#767d85", edge: "#8a9098" };

/** A dark card: films have a ground of their own. */
export const DARK: Theme = { ground: "#1d2126", ink: "#e9ebee", faint: "#a3acb6", edge: "#7b8590" };

/** Text inside of markup. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** How a text is set. */
export interface TextStyle {
  readonly size: number;
  readonly weight?: number;
  readonly anchor?: "start" | "middle" | "end";
  /** Markup behind it. */
  readonly more?: string;
}

/** A text at a place of its base line. */
export function text(
  x: number,
  y: number,
  content: string,
  color: string,
  { size, weight = 400, anchor = "start", more = "" }: TextStyle,
): string {
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${color}">${
    escaped(content)
  }${more}</text>`;
}
