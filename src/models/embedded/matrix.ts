/**
 * The product that a forward pass spends its time in, in two shapes written for V8.
 *
 * Sums run in double precision and in the same order in both, so that a prompt gives the same logits bit
 * for bit whether it was read token by token, in batches, or taken from the cache. Eight running sums
 * keep the processor's adders busy; more would spill out of its registers. Single precision by
 * `Math.fround` was measured: slower.
 */

export type Size = { inputs: number; outputs: number; count: number };

/** `y[t][o] = Σ w[o][i] · x[t][i]` for `count` vectors that lie one after the other. */
export function multiply(y: Float32Array, w: Float32Array, x: Float32Array, size: Size): void {
  const { inputs, outputs, count } = size;
  const inFours = count - (count % 4);
  if (inFours > 0) multiplyFours(y, w, x, { inputs, outputs, count: inFours });
  for (let t = inFours; t < count; t++) {
    multiplyOne(y.subarray(t * outputs), w, x.subarray(t * inputs), size);
  }
}

/** One element that is known to be there; inlined, and without the check that `?? 0` would cost. */
export const at = (values: Float32Array, index: number): number => values[index] as number;

/** One vector, eight rows at a time. */
function multiplyOne(
  y: Float32Array,
  w: Float32Array,
  x: Float32Array,
  { inputs: n, outputs }: Size,
): void {
  let o = 0;
  for (; o + 8 <= outputs; o += 8) {
    let [a, b, c, d] = [0, 0, 0, 0];
    let [e, f, g, h] = [0, 0, 0, 0];
    for (let i = 0, p = o * n; i < n; i++, p++) {
      const v = at(x, i);
      a += at(w, p) * v;
      b += at(w, p + n) * v;
      c += at(w, p + 2 * n) * v;
      d += at(w, p + 3 * n) * v;
      e += at(w, p + 4 * n) * v;
      f += at(w, p + 5 * n) * v;
      g += at(w, p + 6 * n) * v;
      h += at(w, p + 7 * n) * v;
    }
    y[o] = a;
    y[o + 1] = b;
    y[o + 2] = c;
    y[o + 3] = d;
    y[o + 4] = e;
    y[o + 5] = f;
    y[o + 6] = g;
    y[o + 7] = h;
  }
  for (; o < outputs; o++) y[o] = dot(w, o * n, x, n);
}

/** Four vectors at a time, two rows of each: a weight is loaded once for four tokens. */
function multiplyFours(
  y: Float32Array,
  w: Float32Array,
  x: Float32Array,
  { inputs: n, outputs: m, count }: Size,
): void {
  const even = m - (m % 2);
  for (let o = 0; o < even; o += 2) {
    for (let t = 0; t < count; t += 4) {
      let [a, b, c, d] = [0, 0, 0, 0];
      let [e, f, g, h] = [0, 0, 0, 0];
      for (let i = 0, p = o * n, q = t * n; i < n; i++, p++, q++) {
        const u = at(w, p);
        const v = at(w, p + n);
        const x0 = at(x, q);
        const x1 = at(x, q + n);
        const x2 = at(x, q + 2 * n);
        const x3 = at(x, q + 3 * n);
        a += u * x0;
        b += u * x1;
        c += u * x2;
        d += u * x3;
        e += v * x0;
        f += v * x1;
        g += v * x2;
        h += v * x3;
      }
      const to = t * m + o;
      y[to] = a;
      y[to + m] = b;
      y[to + 2 * m] = c;
      y[to + 3 * m] = d;
      y[to + 1] = e;
      y[to + m + 1] = f;
      y[to + 2 * m + 1] = g;
      y[to + 3 * m + 1] = h;
    }
  }
  if (even === m) return;
  for (let t = 0; t < count; t++) y[t * m + even] = dot(w, even * n, x.subarray(t * n), n);
}

function dot(w: Float32Array, from: number, x: Float32Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += at(w, from + i) * at(x, i);
  return sum;
}
