//! conditional: C²OT, conditional optimal transport; Cheng & Schwing 2025, *The Curse of Conditions*.
//! Plain minibatch transport gives each condition the source samples near its data; a sampler starts from all of them. The cost of changing a
//! condition keeps p(source | condition) what it is.

use super::Couple;
use super::exact::source_of_each_datum;
use crate::{Batch, Conditions, CouplingError, Pairing, Report, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thalweg_assignment::{Matrix, Points, squared_distances};

/// The pairs of least total ‖x₀ − x₁‖² + w · distance of conditions. Each source sample has the condition of the datum that it was drawn
/// with.
///
/// Classes (rows of equal conditions): pairs form within a class only (w = ∞), which is what happens where neither weight nor targetRatio is given. Vectors:
/// give one of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Conditional {
    /// The weight w of the distance of conditions; ≥ 0. 0 is exact transport, a large one leaves pairs as they were drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub weight: Option<f64>,
    /// Chooses w for each batch: the smallest at which at most this share of all (source, datum) pairs cost no more than the pair that
    /// the datum was drawn with; in (0, 1]. The n pairs as drawn always count, so that shares below 1/n act as 1/n.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0))]
    pub target_ratio: Option<f64>,
    /// How far two conditions are apart.
    pub distance: ConditionDistance,
}

/// How far two condition vectors are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConditionDistance {
    /// ‖c − c′‖².
    #[default]
    SquaredEuclidean,
    /// 1 − cos of the angle between c and c′, for embeddings; no vector may be 0.
    Cosine,
}

impl Couple for Conditional {
    fn validate(&self) -> Result<()> {
        if let Some(weight) = self.weight.filter(|w| !(w.is_finite() && *w >= 0.0)) {
            return Err(CouplingError::config("weight", "a finite number ≥ 0", weight));
        }
        if let Some(ratio) = self.target_ratio.filter(|r| !(*r > 0.0 && *r <= 1.0)) {
            return Err(CouplingError::config("targetRatio", "a number > 0 and ≤ 1", ratio));
        }
        if self.weight.is_some() && self.target_ratio.is_some() {
            return Err(CouplingError::config("targetRatio", "one of weight and targetRatio", "both"));
        }
        Ok(())
    }

    fn draws(&self, _: usize) -> usize {
        0
    }

    fn couple<T: Copy + Into<f64>>(&self, batch: &Batch<'_, T>, rows: usize, _: &[f64]) -> Result<Pairing> {
        match batch.conditions {
            Conditions::None => Err(CouplingError::data("conditional coupling needs conditions", "a condition per datum", "none")),
            Conditions::Discrete(labels) => {
                if self.weight.is_some() || self.target_ratio.is_some() {
                    let path = if self.weight.is_some() { "weight" } else { "targetRatio" };
                    return Err(CouplingError::config(path, "nothing, as conditions are classes", "a number"));
                }
                within_classes(batch, labels)
            }
            Conditions::Continuous { values, dim } => {
                let conditions = Points::new("the set of conditions", values, dim)?;
                self.weighted(&batch.costs()?, &self.distance.matrix(&conditions)?, rows)
            }
        }
    }
}

impl Conditional {
    fn weighted(&self, costs: &Matrix, conditions: &Matrix, rows: usize) -> Result<Pairing> {
        let weight = match (self.weight, self.target_ratio) {
            (Some(weight), _) => weight,
            (None, Some(ratio)) => adapted_weight(costs.values(), conditions.values(), rows, ratio),
            (None, None) => return Err(CouplingError::config("weight", "weight or targetRatio, as conditions are vectors", "neither")),
        };
        let total = costs.values().iter().zip(conditions.values()).map(|(c, d)| c + weight * d).collect();
        let mut pairing = Pairing::in_data_order(source_of_each_datum(&Matrix::new(rows, rows, total)?)?);
        pairing.report = Report { condition_weight: Some(weight), ..Report::default() };
        Ok(pairing)
    }
}

impl ConditionDistance {
    /// The distances between all pairs of conditions.
    fn matrix(self, conditions: &Points) -> Result<Matrix> {
        match self {
            ConditionDistance::SquaredEuclidean => Ok(squared_distances(conditions, conditions)?),
            ConditionDistance::Cosine => {
                let directions = directions(conditions)?;
                // 1 − cos = ½‖e − e′‖² of unit vectors: exactly 0 for equal ones, and never negative.
                let distances = squared_distances(&directions, &directions)?;
                Ok(Matrix::new(conditions.len(), conditions.len(), distances.values().iter().map(|d| 0.5 * d).collect())?)
            }
        }
    }
}

/// Each vector divided by its length.
fn directions(conditions: &Points) -> Result<Points> {
    let mut units = Vec::with_capacity(conditions.values().len());
    for row in 0..conditions.len() {
        let condition = conditions.row(row);
        let length = condition.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length == 0.0 {
            let got = format!("length 0 at row {row}");
            return Err(CouplingError::data("a condition has no direction, which distance cosine needs", "vectors that are not 0", got));
        }
        units.extend(condition.iter().map(|x| x / length));
    }
    Ok(Points::new("the set of conditions", &units, conditions.dim())?)
}

/// Exact transport within each class.
fn within_classes<T: Copy + Into<f64>>(batch: &Batch<'_, T>, labels: &[i64]) -> Result<Pairing> {
    // The whole batch is checked first, so that an error names its rows and not a class's.
    let points = |what, values| Points::new(what, values, batch.dim);
    let (all_source, all_data) = (points("the source", batch.source)?, points("the data", batch.data)?);
    let mut classes: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (row, &label) in labels.iter().enumerate() {
        classes.entry(label).or_default().push(row);
    }
    let mut source = vec![0; labels.len()];
    for rows in classes.values() {
        let of_class = |all: &Points| rows.iter().flat_map(|&row| all.row(row)).copied().collect::<Vec<f64>>();
        let class_source = Points::new("the source", &of_class(&all_source), batch.dim)?;
        let class_data = Points::new("the data", &of_class(&all_data), batch.dim)?;
        let pairs = source_of_each_datum(&squared_distances(&class_source, &class_data)?)?;
        for (&datum, of_class) in rows.iter().zip(pairs) {
            source[datum] = rows[of_class];
        }
    }
    Ok(Pairing::in_data_order(source))
}

/// The smallest w at which at most `ratio` · n² pairs have cᵢⱼ + w dᵢⱼ ≤ cⱼⱼ.
///
/// The paper searches for w by bisection; the share is a step function of w that falls where w passes (cⱼⱼ − cᵢⱼ)/dᵢⱼ, so that w is an
/// order statistic of these.
fn adapted_weight(costs: &[f64], conditions: &[f64], n: usize, ratio: f64) -> f64 {
    let mut always = 0;
    let mut steps = Vec::new();
    for (k, (&cost, &distance)) in costs.iter().zip(conditions).enumerate() {
        let gain = costs[(k % n) * (n + 1)] - cost;
        if gain >= 0.0 {
            if distance > 0.0 { steps.push(gain / distance) } else { always += 1 }
        }
    }
    let allowed = ((ratio * (n * n) as f64) as usize).saturating_sub(always);
    if allowed >= steps.len() {
        return 0.0;
    }
    let (_, step, _) = steps.select_nth_unstable_by(allowed, |a, b| b.total_cmp(a));
    step.next_up()
}
