//! Encoders: fixed or trained features of times, states and conditions.
//! To add one: a file with its configuration and network, and a line in the registry below.

mod frequencies;

pub(crate) use frequencies::timestep_features;

use crate::{Context, Declare, NnError, tagged::registry};
use thalweg_graph::{Leaves, Var};

/// Turns a time, a state or a condition into features of one tensor.
pub trait Encoder {
    /// The features of `x`, batch first. Inputs that do not fit are errors of the graph.
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: &Leaves<Var<'g>>) -> Var<'g>;

    /// Shape of the features of one sample, where it does not depend on the input's.
    fn output_shape(&self) -> Option<Vec<usize>>;

    /// The number that stands for "no label", if inputs of `size` numbers are labels.
    fn no_label(&self, size: usize) -> Option<f64> {
        let _ = size;
        None
    }
}

/// A boxed encoder, free to move between threads.
pub type BoxedEncoder = Box<dyn Encoder + Send + Sync>;

registry! {
    /// An encoder and its arguments.
    EncoderConfig of "encoder", built as BoxedEncoder;

    /// Random Fourier features of a time: sin tW and cos tW with fixed Gaussian frequencies W (Tancik et al. 2020, eq. 5; Song et al. 2021, appendix C).
    gaussian_fourier_projection_time_encoder::GaussianFourierProjectionTimeEncoderConfig as GaussianFourierProjectionTimeEncoder;
    /// Random Fourier features of each coordinate of a state or condition (Tancik et al. 2020, eq. 5).
    gaussian_fourier_projection_encoder::GaussianFourierProjectionEncoderConfig as GaussianFourierProjectionEncoder;
    /// Sinusoids of a time at geometric frequencies, then a small trained network (Peebles & Xie 2023, section 3.2).
    exponential_fourier_projection_time_encoder::ExponentialFourierProjectionTimeEncoderConfig as ExponentialFourierProjectionTimeEncoder;
    /// Sinusoids of a time at geometric frequencies (Vaswani et al. 2017, section 3.5).
    sinusoidal_pos_emb::SinusoidalPosEmbConfig as SinusoidalPosEmb;
    /// A trained vector for each of several labels, brought to one vector; of GenerativeRL.
    discrete_embedding_encoder::DiscreteEmbeddingEncoderConfig as DiscreteEmbeddingEncoder;
    /// All parts of a nested state or condition, side by side; of GenerativeRL.
    tensor_dict_concatenate_encoder::TensorDictConcatenateEncoderConfig as TensorDictConcatenateEncoder;
}

impl EncoderConfig {
    /// Declares the encoder's parameters and returns the encoder.
    ///
    /// # Errors
    /// The field at fault, relative to this configuration: `"args.embedDim"`.
    pub fn build(&self, declare: &mut Declare) -> Result<BoxedEncoder, NnError> {
        let missing = || Err(NnError::new("type", "a registered encoder", "an encoder that is registered elsewhere"));
        self.build_registered(declare).unwrap_or_else(missing)
    }
}
