// Sine and cosine of a product that is formed in more than f32: rotary angles reach 402 radians, and the built-in
// functions promise no more than 2^-11. Cody-Waite reduction by quarter turns, minimax polynomials on an eighth turn.

struct Angle {
  quarter: i32,
  rest: f32,
}

fn angle_of_product(x: f32, y: f32) -> Angle {
  // Twelve bits a half: products of halves are exact.
  let xh = bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
  let yh = bitcast<f32>(bitcast<u32>(y) & 0xfffff000u);
  let xl = x - xh;
  let yl = y - yh;
  let high = xh * yh;
  let middle = xh * yl + xl * yh;
  let quarters = round((high + middle) * 0.636619772);
  // pi / 2 in three parts of few bits: their products with up to 2^9 quarters are exact.
  var rest = high - quarters * 1.5703125;
  rest = rest - quarters * 4.8351287841796875e-4;
  rest = rest - quarters * 3.13855707645416259765625e-7;
  rest = rest - quarters * 6.077100628276710e-11;
  rest = (rest + middle) + xl * yl;
  return Angle(i32(quarters), rest);
}

fn sine_of_rest(r: f32) -> f32 {
  let z = r * r;
  return r + r * z * ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1);
}

fn cosine_of_rest(r: f32) -> f32 {
  let z = r * r;
  return 1.0 - 0.5 * z + z * z * ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2);
}

fn turned(angle: Angle, quarters: i32) -> f32 {
  let q = (angle.quarter + quarters) & 3;
  let value = select(sine_of_rest(angle.rest), cosine_of_rest(angle.rest), (q & 1) == 1);
  return select(value, -value, q >= 2);
}

fn sin_of_product(x: f32, y: f32) -> f32 {
  return turned(angle_of_product(x, y), 0);
}

fn cos_of_product(x: f32, y: f32) -> f32 {
  return turned(angle_of_product(x, y), 1);
}
