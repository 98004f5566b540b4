//! IntrinsicModel: the whole network of a model, backbone(tEncoder(t), xEncoder(x), conditionEncoder(c)).
//! Here widths meet: what an encoder gives must be what the backbone was built for.

use crate::backbones::{BackboneConfig, BoxedBackbone, External, Widths};
use crate::encoders::{BoxedEncoder, EncoderConfig};
use crate::{Context, Declare, NnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// The network of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntrinsicConfig {
    /// Encodes times; plain times reach the backbone if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t_encoder: Option<EncoderConfig>,
    /// Encodes states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x_encoder: Option<EncoderConfig>,
    /// Encodes conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_encoder: Option<EncoderConfig>,
    /// The network proper.
    pub backbone: BackboneConfig,
}

/// backbone(tEncoder(t), xEncoder(x), conditionEncoder(c)); encoders that are absent pass their input on.
pub struct IntrinsicModel {
    t_encoder: Option<BoxedEncoder>,
    x_encoder: Option<BoxedEncoder>,
    condition_encoder: Option<BoxedEncoder>,
    backbone: BoxedBackbone,
}

impl IntrinsicModel {
    /// Declares the parameters below `t_encoder`, `x_encoder`, `condition_encoder` and `backbone`, in this order. `external` builds
    /// backbones of types that are not registered in this crate.
    ///
    /// # Errors
    /// The field at fault, relative to `config`: `"backbone.args.tDim"`.
    pub fn build(config: &IntrinsicConfig, declare: &mut Declare, external: &External) -> Result<IntrinsicModel, NnError> {
        let encoder = |config: &Option<EncoderConfig>, field: &str, name: &str| {
            config.as_ref().map(|c| c.build(&mut declare.at(name)).map_err(|e| e.under(field))).transpose()
        };
        let model = IntrinsicModel {
            t_encoder: encoder(&config.t_encoder, "tEncoder", "t_encoder")?,
            x_encoder: encoder(&config.x_encoder, "xEncoder", "x_encoder")?,
            condition_encoder: encoder(&config.condition_encoder, "conditionEncoder", "condition_encoder")?,
            backbone: config.backbone.build(&mut declare.at("backbone"), external).map_err(|e| e.under("backbone"))?,
        };
        model.check_widths()?;
        Ok(model)
    }

    /// Whether every encoder gives what the backbone was built for.
    fn check_widths(&self) -> Result<(), NnError> {
        let Widths { t, x, condition } = self.backbone.widths();
        let features = |encoder: &Option<BoxedEncoder>| {
            let shape = encoder.as_ref().and_then(|e| e.output_shape())?;
            shape.last().copied()
        };
        if let (Some(_), Some(0)) = (&self.condition_encoder, condition) {
            return Err(NnError::new("conditionEncoder", "nothing, since the backbone has no conditionDim", "an encoder"));
        }
        if let (Some(_), Some(1), true) = (&self.t_encoder, t, self.backbone.keeps_shape()) {
            return Err(NnError::new("tEncoder", "nothing, since the backbone encodes times itself", "an encoder"));
        }
        let time = if self.t_encoder.is_some() { features(&self.t_encoder) } else { Some(1) };
        let origin = if self.t_encoder.is_some() { "the width of tEncoder's features" } else { "the width of a plain time" };
        agree("tDim", origin, time, t)?;
        agree("inputDim", "the width of xEncoder's features", features(&self.x_encoder), x)?;
        agree("conditionDim", "the width of conditionEncoder's features", features(&self.condition_encoder), condition)
    }

    /// Whether states reach the backbone by way of an encoder.
    pub fn encodes_states(&self) -> bool {
        self.x_encoder.is_some()
    }

    /// Whether the backbone reads states in their own shape.
    pub fn keeps_shape(&self) -> bool {
        self.backbone.keeps_shape()
    }

    /// The number that stands for "no label", if conditions of `size` numbers are labels.
    pub fn no_label(&self, size: usize) -> Option<f64> {
        match &self.condition_encoder {
            Some(encoder) => encoder.no_label(size),
            None => self.backbone.no_label(size),
        }
    }

    /// Whether conditions do.
    pub fn encodes_conditions(&self) -> bool {
        self.condition_encoder.is_some()
    }

    /// The prediction for states `x` `[B, …]` at times `t` `[B]` under a condition. Where it has as many parts as the state, they
    /// carry the state's names.
    pub fn forward<'g>(
        &self,
        ctx: &Context<'_, 'g>,
        t: Var<'g>,
        x: &Leaves<Var<'g>>,
        condition: Option<&Leaves<Var<'g>>>,
    ) -> Leaves<Var<'g>> {
        let encode = |encoder: &Option<BoxedEncoder>, leaves: &Leaves<Var<'g>>| match encoder {
            Some(encoder) => Leaves::one(encoder.forward(ctx, leaves)),
            None => leaves.clone(),
        };
        let t = *encode(&self.t_encoder, &Leaves::one(t)).first();
        let condition = condition.map(|c| encode(&self.condition_encoder, c));
        let y = self.backbone.forward(ctx, t, &encode(&self.x_encoder, x), condition.as_ref());
        if y.len() == x.len() { x.zip(&y, |_, y| *y) } else { y }
    }
}

/// Whether a width that is given equals one that is expected, where both are known.
fn agree(argument: &str, origin: &str, given: Option<usize>, built: Option<usize>) -> Result<(), NnError> {
    match (given, built) {
        (Some(given), Some(built)) if given != built => {
            Err(NnError::new(format!("backbone.args.{argument}"), format!("{given} ({origin})"), built))
        }
        _ => Ok(()),
    }
}
