// Division within one unit: the built-in one may be off by 2.5, and a mean that is off by one makes a constant field
// look as if it varied. The remainder of the rounded quotient is formed from halves whose products are exact.

fn divide(x: f32, y: f32) -> f32 {
  let q = x / y;
  let qh = bitcast<f32>(bitcast<u32>(q) & 0xfffff000u);
  let yh = bitcast<f32>(bitcast<u32>(y) & 0xfffff000u);
  let ql = q - qh;
  let yl = y - yh;
  let rest = ((x - qh * yh) - (qh * yl + ql * yh)) - ql * yl;
  // Quotients near the ends of the range have no exact remainder.
  let isOrdinary = abs(q) > 1.0e-30 && abs(q) < 1.0e30 && abs(y) > 1.0e-30 && abs(y) < 1.0e30;
  return select(q, q + rest / y, isOrdinary);
}
