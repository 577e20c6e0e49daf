/**
 * The products that a forward pass spends its time in, written for V8.
 *
 * Sums run in double precision and in the same order in all shapes of one product, so that a prompt gives
 * the same logits bit for bit whether it was read token by token, in batches, or taken from the cache. Eight running sums
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
      const [w0, w1] = [o * n, o * n + n];
      const [q0, q1, q2, q3] = [t * n, t * n + n, t * n + 2 * n, t * n + 3 * n];
      for (let i = 0; i < n; i++) {
        const u = at(w, w0 + i);
        const v = at(w, w1 + i);
        const x0 = at(x, q0 + i);
        const x1 = at(x, q1 + i);
        const x2 = at(x, q2 + i);
        const x3 = at(x, q3 + i);
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

/** Rows of `width` numbers, of which each matters from `from` on, as far as the vector reaches. */
export type Stride = { from: number; width: number; count: number };

/** `y[p] = Σ rows[p][i] · x[i]`, four rows at a time. */
export function multiplyStrided(
  y: Float32Array,
  rows: Float32Array,
  x: Float32Array,
  { from, width, count }: Stride,
): void {
  let p = 0;
  for (; p + 4 <= count; p += 4) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0, k = p * width + from; i < x.length; i++, k++) {
      const v = at(x, i);
      a += at(rows, k) * v;
      b += at(rows, k + width) * v;
      c += at(rows, k + 2 * width) * v;
      d += at(rows, k + 3 * width) * v;
    }
    y[p] = a;
    y[p + 1] = b;
    y[p + 2] = c;
    y[p + 3] = d;
  }
  for (; p < count; p++) y[p] = dot(rows, p * width + from, x, x.length);
}

/** `y[i] = Σ shares[p] · rows[p][i]`, eight columns at a time: half of a cache line. */
export function mixStrided(
  y: Float32Array,
  rows: Float32Array,
  shares: Float32Array,
  { from, width, count }: Stride,
): void {
  let o = 0;
  for (; o + 8 <= y.length; o += 8) {
    let [a, b, c, d] = [0, 0, 0, 0];
    let [e, f, g, h] = [0, 0, 0, 0];
    for (let p = 0, k = from + o; p < count; p++, k += width) {
      const share = at(shares, p);
      a += share * at(rows, k);
      b += share * at(rows, k + 1);
      c += share * at(rows, k + 2);
      d += share * at(rows, k + 3);
      e += share * at(rows, k + 4);
      f += share * at(rows, k + 5);
      g += share * at(rows, k + 6);
      h += share * at(rows, k + 7);
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
  for (; o < y.length; o++) {
    let sum = 0;
    for (let p = 0, k = from + o; p < count; p++, k += width) sum += at(shares, p) * at(rows, k);
    y[o] = sum;
  }
}

function dot(w: Float32Array, from: number, x: Float32Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += at(w, from + i) * at(x, i);
  return sum;
}
