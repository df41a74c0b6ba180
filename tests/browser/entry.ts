// Type-checked against the browser's libraries (`deno task check`): no part of the library may need more.

export * from "../../mod.ts";
