//! How the columns of a table become numbers, and numbers columns: a part of a model's config, so that a checkpoint knows the user's columns.
//! TypeScript applies it (`ts/src/data/encoding`); here it is read, checked against the sizes of the model, and saved.

use crate::config::Size;
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How a table becomes rows of numbers: its columns, one after the other. Made by `fitEncoding`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EncodingConfig {
    /// The columns in the table's order.
    #[schemars(length(min = 1))]
    pub columns: Vec<ColumnEncoding>,
}

/// How one column becomes numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ColumnEncoding {
    /// A column of numbers.
    Number(NumberEncoding),
    /// A column of dates: milliseconds since 1970, UTC.
    Date(NumberEncoding),
    /// A column of categories.
    Category(CategoryEncoding),
}

/// How a column of numbers or dates becomes a number, and where missing values are kept a second one that is 1 for those and −1 for others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NumberEncoding {
    /// The column's name.
    pub name: String,
    /// Whether the column is a condition, and not part of the state.
    #[serde(default)]
    pub condition: bool,
    /// From the column's units to those that the network sees.
    pub transform: Transform,
    /// Smallest and largest value that was seen.
    pub range: [f64; 2],
    /// Whether decoded values are kept within that range.
    #[serde(default)]
    pub clip: bool,
    /// What all values are multiples of, and decoded ones are rounded to: 1 of integers, 0.01 of two decimals; of dates in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub step: Option<f64>,
    /// What becomes of missing values.
    #[serde(default)]
    pub missing: MissingNumber,
}

/// From a column's units to those that the network sees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Transform {
    /// As it is.
    None,
    /// To mean 0 and standard deviation 1.
    Standard {
        /// What is subtracted.
        mean: f64,
        /// What is divided by; > 0.
        #[schemars(extend("exclusiveMinimum" = 0))]
        std: f64,
    },
    /// To −1 … 1.
    MinMax {
        /// What becomes −1.
        min: f64,
        /// What becomes 1; more than `min`.
        max: f64,
    },
    /// To normal scores: knot i of m becomes the normal quantile of (i + ½)/m; between knots, and beyond the outer ones, along straight lines.
    Quantile {
        /// Values in ascending order; equal ones are one value of many rows.
        #[schemars(length(min = 1))]
        knots: Vec<f64>,
    },
}

/// What becomes of missing numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum MissingNumber {
    /// They are refused.
    #[default]
    Error,
    /// This value takes their place.
    Fill {
        /// In the column's units.
        value: f64,
    },
    /// They are kept, so that samples have missing values as well.
    Keep {
        /// What the network sees in their place, in the column's units.
        value: f64,
    },
}

/// How a column of categories becomes numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CategoryEncoding {
    /// The column's name.
    pub name: String,
    /// Whether the column is a condition, and not part of the state.
    #[serde(default)]
    pub condition: bool,
    /// All categories. Where missing values are kept, one more comes after them.
    #[schemars(length(min = 1))]
    pub categories: Vec<String>,
    /// The numbers of each.
    pub code: CategoryCode,
    /// What becomes of missing values.
    #[serde(default)]
    pub missing: MissingCategory,
}

/// The numbers of a category.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum CategoryCode {
    /// One number per category: 1 for its own and −1 for the others.
    OneHot,
    /// The bits of its index as −1 and 1 (Chen et al. 2023, "Analog bits").
    Bits,
    /// A vector of its own; numbers mean the nearest one.
    Embedding {
        /// The vector of each category, all of one length.
        #[schemars(length(min = 1))]
        vectors: Vec<Vec<f64>>,
    },
}

/// What becomes of missing categories.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum MissingCategory {
    /// They are refused.
    #[default]
    Error,
    /// This category takes their place.
    Fill {
        /// One of the column's.
        value: String,
    },
    /// They are a category of their own, so that samples have missing values as well.
    Keep,
}

impl ColumnEncoding {
    fn name(&self) -> &str {
        match self {
            ColumnEncoding::Number(column) | ColumnEncoding::Date(column) => &column.name,
            ColumnEncoding::Category(column) => &column.name,
        }
    }

    fn is_condition(&self) -> bool {
        match self {
            ColumnEncoding::Number(column) | ColumnEncoding::Date(column) => column.condition,
            ColumnEncoding::Category(column) => column.condition,
        }
    }

    /// How many numbers it becomes.
    fn width(&self) -> usize {
        match self {
            ColumnEncoding::Number(column) | ColumnEncoding::Date(column) => {
                1 + usize::from(matches!(column.missing, MissingNumber::Keep { .. }))
            }
            ColumnEncoding::Category(column) => column.width(),
        }
    }

    fn validate(&self) -> Result<()> {
        match self {
            ColumnEncoding::Number(column) | ColumnEncoding::Date(column) => column.validate(),
            ColumnEncoding::Category(column) => column.validate(),
        }
    }
}

impl NumberEncoding {
    fn validate(&self) -> Result<()> {
        let [min, max] = self.range;
        if min > max {
            return Err(ModelError::config("range", "two numbers in ascending order", format!("[{min}, {max}]")));
        }
        if let Some(step) = self.step.filter(|step| *step <= 0.0) {
            return Err(ModelError::config("step", "a number > 0", step));
        }
        match &self.transform {
            Transform::None => Ok(()),
            Transform::Standard { std, .. } if *std <= 0.0 => Err(ModelError::config("transform.std", "a number > 0", std)),
            Transform::MinMax { min, max } if min >= max => Err(ModelError::config("transform.max", format!("a number > {min}"), max)),
            Transform::Quantile { knots } if knots.is_empty() || !knots.is_sorted() => {
                Err(ModelError::config("transform.knots", "numbers in ascending order", "another list"))
            }
            _ => Ok(()),
        }
    }
}

impl CategoryEncoding {
    /// Categories and, where they are kept, the missing one.
    fn count(&self) -> usize {
        self.categories.len() + usize::from(self.missing == MissingCategory::Keep)
    }

    fn width(&self) -> usize {
        match &self.code {
            CategoryCode::OneHot => self.count(),
            CategoryCode::Bits => (usize::BITS - (self.count().max(2) - 1).leading_zeros()) as usize,
            CategoryCode::Embedding { vectors } => vectors.first().map_or(0, Vec::len),
        }
    }

    fn validate(&self) -> Result<()> {
        let mut known = HashSet::new();
        if let Some(twice) = self.categories.iter().find(|category| !known.insert(category.as_str())) {
            return Err(ModelError::config("categories", "each category once", format!("{twice:?} twice")));
        }
        if let MissingCategory::Fill { value } = &self.missing
            && !known.contains(value.as_str())
        {
            return Err(ModelError::config("missing.value", "one of the column's categories", format!("{value:?}")));
        }
        match &self.code {
            CategoryCode::Embedding { vectors } if vectors.len() != self.count() || vectors.iter().any(|v| v.len() != self.width()) => {
                let expected = format!("{} vectors of one length", self.count());
                Err(ModelError::config("code.vectors", expected, format!("{} vectors", vectors.len())))
            }
            CategoryCode::Embedding { .. } if self.width() == 0 => {
                Err(ModelError::config("code.vectors", "vectors that are not empty", "[]"))
            }
            _ => Ok(()),
        }
    }
}

impl EncodingConfig {
    /// Refuses an encoding that contradicts itself or the sizes of the model.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn validate(&self, x_size: &Size, condition_size: Option<&Size>) -> Result<()> {
        let mut known = HashSet::new();
        for (i, column) in self.columns.iter().enumerate() {
            column.validate().map_err(|e| e.under(&format!("data.columns[{i}]")))?;
            if !known.insert(column.name()) {
                return Err(ModelError::config(
                    format!("data.columns[{i}].name"),
                    "a name of its own",
                    format!("{:?} again", column.name()),
                ));
            }
        }
        let width =
            |condition: bool| self.columns.iter().filter(|c| c.is_condition() == condition).map(ColumnEncoding::width).sum::<usize>();
        let is = |size: Option<&Size>, width: usize| match size {
            None => width == 0,
            Some(Size::Width(own)) => *own == width,
            Some(Size::Shape(own)) => own[..] == [width],
            Some(Size::Parts(_)) => false,
        };
        let fitting = [("xSize", Some(x_size), width(false)), ("conditionSize", condition_size, width(true))];
        match fitting.into_iter().find(|(_, size, width)| !is(*size, *width)) {
            None => Ok(()),
            Some((name, size, width)) => {
                let expected =
                    if width == 0 { "none, since data has no such columns".into() } else { format!("{width}, the width of data") };
                let got = size.map_or_else(|| "none".into(), |size| serde_json::to_string(size).unwrap_or_default());
                Err(ModelError::config(name, expected, got))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoding(columns: &str) -> EncodingConfig {
        crate::config::parse(&format!(r#"{{ "columns": [{columns}] }}"#)).unwrap()
    }

    const AGE: &str = r#"{ "type": "number", "name": "age", "transform": { "type": "none" }, "range": [0, 9] }"#;
    const KEPT: &str =
        r#"{ "type": "date", "name": "day", "transform": { "type": "none" }, "range": [0, 9], "missing": { "type": "keep", "value": 1 } }"#;

    fn category(code: &str, more: &str) -> String {
        format!(r#"{{ "type": "category", "name": "c", "categories": ["a", "b", "d"], "code": {code}{more} }}"#)
    }

    #[test]
    fn widths_of_columns_add_up_to_the_sizes_of_the_model() {
        let one_hot = category(r#"{ "type": "oneHot" }"#, "");
        let bits = category(r#"{ "type": "bits" }"#, r#", "missing": { "type": "keep" }, "condition": true"#);
        let data = encoding(&[AGE, KEPT, &one_hot].join(","));
        assert!(data.validate(&Size::Width(6), None).is_ok());
        assert!(data.validate(&Size::Shape(vec![6]), None).is_ok());
        let error = data.validate(&Size::Width(5), None).unwrap_err();
        assert_eq!(error.message, "xSize: expected 6, the width of data, got 5");
        let data = encoding(&[AGE, &bits].join(","));
        assert!(data.validate(&Size::Width(1), Some(&Size::Width(2))).is_ok());
        assert_eq!(data.validate(&Size::Width(1), None).unwrap_err().path.as_deref(), Some("conditionSize"));
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_its_place() {
        let knots = AGE.replace(r#""none""#, r#""quantile", "knots": [2, 1]"#);
        let fill = category(r#"{ "type": "oneHot" }"#, r#", "missing": { "type": "fill", "value": "x" }"#);
        let vectors = category(r#"{ "type": "embedding", "vectors": [[1], [2]] }"#, "");
        let of = |columns: &str| encoding(columns).validate(&Size::Width(1), None).unwrap_err().path.unwrap();
        assert_eq!(of(&knots), "data.columns[0].transform.knots");
        assert_eq!(of(&[AGE, &fill].join(",")), "data.columns[1].missing.value");
        assert_eq!(of(&vectors), "data.columns[0].code.vectors");
        assert_eq!(of(&[AGE, AGE].join(",")), "data.columns[1].name");
    }
}
