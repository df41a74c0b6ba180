// Planes drawn by WebGL2 on one canvas that no one sees: values as they are, codes of cells, a table of colours. The
// shader's arithmetic is that of colorIndex(), so that pixels are those of the processor.

import { colorTable } from "../../../app/figure/colors.ts";
import { paintedSize, type Painting } from "../../../app/figure/paint.ts";
import { HATCH_GROUND, HATCH_LINE } from "../../../app/figure/patterns.ts";
import { HIDDEN, NOT_FINITE } from "../../../app/figure/plane.ts";
import { lookup, plotted } from "../../../app/figure/scale.ts";
import type { Painter, Target } from "./painter.ts";

const VERTEX = `#version 300 es
void main() {
  // A triangle that covers everything.
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
uniform highp sampler2D values;
uniform highp usampler2D codes;
uniform highp sampler2D colors;
uniform ivec2 zoom;
uniform ivec2 offset;
uniform int canvasHeight;
uniform int unit;
uniform float from;
uniform float factor;
out vec4 color;
void main() {
  ivec2 pixel = ivec2(int(gl_FragCoord.x), canvasHeight - 1 - int(gl_FragCoord.y));
  ivec2 cell = (pixel + offset) / zoom;
  uint code = texelFetch(codes, cell, 0).r;
  if (code == ${HIDDEN}u) {
    bool line = (pixel.x + pixel.y) % (6 * unit) < 2 * unit;
    color = vec4(vec3(line ? ${HATCH_LINE}.0 / 255.0 : ${HATCH_GROUND}.0 / 255.0), 1.0);
  } else if (code == ${NOT_FINITE}u) {
    color = vec4(vec3((pixel.x / (4 * unit) + pixel.y / (4 * unit)) % 2 == 0 ? 0.0 : 1.0), 1.0);
  } else {
    float at = (texelFetch(values, cell, 0).r - from) * factor;
    color = texelFetch(colors, ivec2(at >= 255.0 ? 255 : at > 0.0 ? int(at) : 0, 0), 0);
  }
}`;

const UNIFORMS = ["values", "codes", "colors", "zoom", "offset", "canvasHeight", "unit", "from", "factor"];

/** Program, textures and places of the uniforms. */
function prepare(gl: WebGL2RenderingContext) {
  const program = gl.createProgram();
  for (const [type, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`Cannot link the panels' shader: ${gl.getProgramInfoLog(program)}`);
  }
  gl.useProgram(program);
  gl.disable(gl.DITHER);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  for (const unit of [0, 1, 2]) {
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
    }
    for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
      gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
    }
  }
  const at = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
  ["values", "codes", "colors"].forEach((name, unit) => gl.uniform1i(at[name]!, unit));
  return at;
}

/** Puts a plane's numbers into the textures. */
function upload(gl: WebGL2RenderingContext, { cells, scale }: Painting, from: number): void {
  const { width, height, codes } = cells;
  const values = scale.log
    // What has no logarithm lies below the scale.
    ? cells.values.map((value) => value > 0 ? plotted(value, scale) : from - 1)
    : cells.values;
  const table = colorTable(scale.map);
  gl.activeTexture(gl.TEXTURE0);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, width, height, 0, gl.RED, gl.FLOAT, values);
  gl.activeTexture(gl.TEXTURE1);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, width, height, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, codes);
  gl.activeTexture(gl.TEXTURE2);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, table);
}

/**
 * A painter on the GPU.
 *
 * @param onChange told when the GPU goes away (false) and when it is there again (true)
 * @param software whether a GPU that is software will do
 * @returns null where there is no WebGL2
 */
export function webglPainter(onChange: (alive: boolean) => void, software = false): Painter | null {
  if (typeof OffscreenCanvas === "undefined") return null;
  const canvas = new OffscreenCanvas(1, 1);
  const gl = canvas.getContext("webgl2", {
    alpha: false,
    antialias: false,
    depth: false,
    stencil: false,
    // Reading back from a GPU in software takes longer than painting.
    failIfMajorPerformanceCaveat: !software,
  });
  if (!gl) return null;
  let at: ReturnType<typeof prepare>;
  try {
    at = prepare(gl);
  } catch {
    return null;
  }
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    onChange(false);
  });
  canvas.addEventListener("webglcontextrestored", () => {
    at = prepare(gl);
    onChange(true);
  });
  return {
    kind: "webgl",
    draw(painting: Painting, target: Target) {
      const [width, height] = paintedSize(painting);
      const { from, factor } = lookup(painting.scale);
      if (canvas.width < width) canvas.width = width;
      if (canvas.height < height) canvas.height = height;
      upload(gl, painting, from);
      const [left, top] = painting.offset ?? [0, 0];
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.uniform2i(at.zoom!, ...painting.zoom);
      gl.uniform2i(at.offset!, left, top);
      gl.uniform1i(at.canvasHeight!, canvas.height);
      gl.uniform1i(at.unit!, painting.unit);
      gl.uniform1f(at.from!, from);
      gl.uniform1f(at.factor!, factor);
      gl.enable(gl.SCISSOR_TEST);
      gl.scissor(0, canvas.height - height, width, height);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
      target.drawImage(canvas, 0, 0, width, height, 0, 0, width, height);
    },
  };
}
