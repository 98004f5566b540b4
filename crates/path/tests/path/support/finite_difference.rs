//! Derivatives by Richardson extrapolation of finite differences, one-sided at the ends of an interval.

const LEVELS: usize = 8;

/// f′(t), from values of f in [0, 1] only: central differences inside, one-sided ones at 0 and 1.
pub fn derivative(f: impl Fn(f64) -> f64, t: f64) -> f64 {
    let room = t.min(1.0 - t);
    if room > 0.0 {
        let h = (0.5 * room).min(0.02);
        return extrapolate(|k| (f(t + h / step(k)) - f(t - h / step(k))) / (2.0 * h / step(k)), 4.0);
    }
    let h = if t == 0.0 { 0.02 } else { -0.02 };
    extrapolate(|k| (f(t + h / step(k)) - f(t)) / (h / step(k)), 2.0)
}

fn step(k: usize) -> f64 {
    f64::from(1u32 << k)
}

/// Removes error terms one after the other: each is `ratio` times smaller than the one before when the step is halved. Of all
/// entries of the table, the one that agrees best with its neighbours is returned (Ridders 1982).
fn extrapolate(difference: impl Fn(usize) -> f64, ratio: f64) -> f64 {
    let mut previous: Vec<f64> = vec![difference(0)];
    let (mut best, mut smallest) = (previous[0], f64::INFINITY);
    for k in 1..LEVELS {
        let mut row = vec![difference(k)];
        for j in 0..k {
            let factor = ratio * if ratio == 4.0 { 4f64.powi(j as i32) } else { 2f64.powi(j as i32) };
            row.push((factor * row[j] - previous[j]) / (factor - 1.0));
            let error = (row[j + 1] - row[j]).abs().max((row[j + 1] - previous[j]).abs());
            if error < smallest {
                (best, smallest) = (row[j + 1], error);
            }
        }
        previous = row;
    }
    best
}
