//! Small angles in whole numbers: tangents and sines have 32 bits behind the point, angles are
//! microdegrees.

/// 1 with 32 bits behind the point.
pub(crate) const ONE: i64 = 1 << 32;
/// Microdegrees of a radian.
const RADIAN_UDEG: i64 = 57_295_780;

const fn multiply(a: i64, b: i64) -> i64 {
    ((a as i128 * b as i128) >> 32) as i64
}

/// The angle whose tangent is `tangent`, of a size up to 1.
pub(crate) fn atan_udeg(tangent: i64) -> i32 {
    let mut x = tangent.clamp(-ONE, ONE);
    let mut halvings = 0;
    // The series converges fast below a quarter: atan(x) = 2 atan(x / (1 + sqrt(1 + x^2))).
    while x.abs() > ONE / 4 {
        let square = (ONE + multiply(x, x)).unsigned_abs();
        let root = (square << 30).isqrt().cast_signed() << 1;
        x = ((i128::from(x) << 32) / i128::from(ONE + root)) as i64;
        halvings += 1;
    }
    let square = multiply(x, x);
    let mut sum = 0;
    for divisor in [9, 7, 5, 3, 1] {
        sum = ONE / divisor - multiply(square, sum);
    }
    (multiply(multiply(x, sum), RADIAN_UDEG) << halvings) as i32
}

/// Cosine and sine of an angle of a few degrees.
pub(crate) const fn cos_sin(udeg: i32) -> (i64, i64) {
    let x = udeg as i64 * ONE / RADIAN_UDEG;
    let square = multiply(x, x);
    let cos = ONE - square / 2 + multiply(square, square) / 24;
    let sin = multiply(x, ONE - square / 6 + multiply(square, square) / 120);
    (cos, sin)
}
