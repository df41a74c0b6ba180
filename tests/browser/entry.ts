// Type-checked against the browser's libraries (`deno task check`): no part of the library may need more.

export * as root from "../../mod.ts";
export * as data from "../../lib/public/data.ts";
export * as devices from "../../lib/public/devices.ts";
export * as io from "../../lib/public/io.ts";
export * as ir from "../../lib/public/ir.ts";
export * as metrics from "../../lib/public/metrics.ts";
export * as models from "../../lib/public/models.ts";
export * as nn from "../../lib/public/nn.ts";
export * as serve from "../../lib/public/serve.ts";
export * as train from "../../lib/public/train.ts";
export * as walrus from "../../lib/models/walrus/mod.ts";
