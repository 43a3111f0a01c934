// All points of a map, drawn by WebGL2: a sprite each.
import { SHAPES, shapeStrip } from "./shapes.js";

const VERTEX = `#version 300 es
in vec2 place;
in vec4 colour;
in float shape;
uniform vec4 view;  // centre of the picture on the map; clip space for one unit of the map
uniform mediump float size;
out vec4 tint;
flat out float sprite;
void main() {
  gl_Position = vec4((place - view.xy) * view.zw, 0.0, 1.0);
  gl_PointSize = size;
  tint = colour;
  sprite = shape;
}`;

// Small points are discs: nobody sees more in three pixels.
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 tint;
flat in float sprite;
uniform sampler2D strip;
uniform bool shaped;
uniform float size;
out vec4 pixel;
void main() {
  vec2 at = gl_PointCoord;
  float cover = shaped ? texture(strip, vec2((sprite + at.x) / ${SHAPES}.0, at.y)).a
                       : clamp((0.5 - distance(at, vec2(0.5))) * size + 0.5, 0.0, 1.0);
  float alpha = tint.a * cover;
  pixel = vec4(tint.rgb * alpha, alpha);
}`;

const SPRITE = 64;
const SMALLEST_SHAPE = 4.5;

function compile(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(gl.getProgramInfoLog(program));
  }
  return program;
}

export class WebglPoints {
  /**
   * Null where there is no WebGL2, or one that a processor only pretends to: our own loops are five
   * times as fast then. The address's #webgl takes it all the same.
   */
  static on(canvas) {
    const failIfMajorPerformanceCaveat = location.hash !== "#webgl";
    const gl = canvas.getContext("webgl2", { antialias: false, failIfMajorPerformanceCaveat });
    return gl ? new WebglPoints(gl) : null;
  }

  constructor(gl) {
    this.gl = gl;
    this.#prepare();
    // A browser may take the context away, from a page long hidden say, and give a new one later.
    gl.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    gl.canvas.addEventListener("webglcontextrestored", () => {
      this.#prepare();
      if (this.points) this.setPoints(this.points);
      if (this.look) this.setLook(this.look);
      this.redraw?.();
    });
  }

  #prepare() {
    const { gl } = this;
    this.program = compile(gl);
    gl.useProgram(this.program);
    this.uniforms = Object.fromEntries(
      ["view", "size", "shaped"].map((name) => [name, gl.getUniformLocation(this.program, name)]),
    );
    this.buffers = {};
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, shapeStrip(SPRITE));
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  }

  #attribute(name, values, width, type, normalized) {
    const { gl } = this;
    this.buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    const location = gl.getAttribLocation(this.program, name);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, width, type, normalized, 0, 0);
  }

  setPoints(points) {
    this.points = points;
    this.#attribute("place", points, 2, this.gl.FLOAT, false);
  }

  /** As paint() gives it. */
  setLook(look) {
    this.look = look;
    this.#attribute("colour", look.colours, 4, this.gl.UNSIGNED_BYTE, true);
    this.#attribute("shape", look.shapes, 1, this.gl.UNSIGNED_BYTE, false);
  }

  /** `size` in CSS pixels, of which `ratio` device pixels are one. */
  draw(camera, size, ratio) {
    const { gl, uniforms } = this;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    const [w, h] = [(2 * camera.scale) / camera.width, (-2 * camera.scale) / camera.height];
    gl.uniform4f(uniforms.view, camera.x, camera.y, w, h);
    gl.uniform1f(uniforms.size, size * ratio);
    gl.uniform1i(uniforms.shaped, size * ratio >= SMALLEST_SHAPE);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.drawArrays(gl.POINTS, 0, this.points.length / 2);
  }
}
