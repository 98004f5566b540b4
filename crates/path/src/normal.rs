//! The normal distribution function and its inverse, without which no normal quantity can be drawn from one uniform number.
//! Wichura 1988, algorithm AS 241 (PPND16): relative error about 1e-16 in 64 bits.

use thalweg_graph::{Scalar, ops::Comparison};

/// A quotient of polynomials, coefficients from the constant term on.
struct Rational {
    numerator: [f64; 8],
    denominator: [f64; 8],
}

/// In .425² − q², where |q| = |p − ½| ≤ .425.
const CENTRE: Rational = Rational {
    numerator: [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    denominator: [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
};

/// In r − 1.6, where r = √(−ln p) ≤ 5.
const TAIL: Rational = Rational {
    numerator: [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    denominator: [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
};

/// In r − 5, where r = √(−ln p) > 5.
const FAR_TAIL: Rational = Rational {
    numerator: [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    denominator: [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
};

impl Rational {
    fn at<S: Scalar>(&self, x: S) -> S {
        let horner = |coefficients: &[f64; 8]| {
            let [lower @ .., highest] = coefficients;
            lower.iter().rev().fold(x.constant(*highest), |sum, &c| sum * x + c)
        };
        horner(&self.numerator) / horner(&self.denominator)
    }
}

/// Φ⁻¹(p), the number below which a standard normal variable lies with probability `p` in (0, 1).
///
/// ```
/// use thalweg_path::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-15);
/// assert_eq!(normal_quantile(0.25), -normal_quantile(0.75));
/// ```
pub fn normal_quantile<S: Scalar>(p: S) -> S {
    let q = p - 0.5;
    let central = q.abs().choose(Comparison::Le, p.constant(0.425), q, p.constant(0.0));
    let centre = central * CENTRE.at(-central.square() + 0.425 * 0.425);
    let smaller = p.minimum(p.constant(1.0) - p);
    let r = (-smaller.ln()).sqrt();
    let five = p.constant(5.0);
    let tail = r.choose(Comparison::Le, five, TAIL.at(r - 1.6), FAR_TAIL.at(r - 5.0));
    let signed = q.choose(Comparison::Lt, p.constant(0.0), -tail, tail);
    q.abs().choose(Comparison::Le, p.constant(0.425), centre, signed)
}

/// Φ(x), the probability that a standard normal variable lies below `x`; relative accuracy in the lower tail, too.
pub(crate) fn normal_probability(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// φ(x), the density of a standard normal variable.
pub(crate) fn normal_density<S: Scalar>(x: S) -> S {
    (x.square() * -0.5).exp() * (0.5 * std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2)
}
