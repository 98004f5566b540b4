//! Which source sample meets which datum, by the model's own coupling: for losses of one's own.

use napi::Env;
use napi::bindgen_prelude::Array;
use napi_derive::napi;
use thalweg_model::engine::Tensor;
use thalweg_model::graph::{DType, Type};
use thalweg_model::{Cuts, config};

use super::{NativeModel, getters};
use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::value;

#[napi]
impl NativeModel {
    /// Couples `x0 [B, …]` with `x [B, …]` (and their `condition`) by the model's coupling. Two i64 tensors `[B]`: rows of x0, and the rows of x
    /// that they meet; conditions and weights go with x. `seed` is that of couplings that draw their pairs.
    #[napi]
    pub fn couple(
        &self,
        env: &Env,
        seed: f64,
        groups: String,
        #[napi(ts_arg_type = "NativeTensor[]")] tensors: Array<'_>,
    ) -> napi::Result<Vec<NativeTensor>> {
        guard("NativeModel.couple", || {
            let values = args::instances(&tensors, args::VALUES, NativeTensor::value)?;
            let cuts: Cuts = config::parse(&groups)?;
            let model = self.model()?;
            let seed = args::integer("seed", napi::bindgen_prelude::Either::A(seed))?;
            let rows = values.first().and_then(|value| value.ty().shape.first().copied()).unwrap_or(0);
            if rows == 0 {
                return Err(ThalwegError::expected(ErrorCode::DataError, "couple: no data", "at least one row", "0 rows"));
            }
            let types = [Type::new(DType::I64, vec![rows]), Type::new(DType::I64, vec![rows])];
            let device = model.inner().device();
            let work = move |tensors: Vec<Tensor>| model.inner().couple(&cuts.apply(tensors)?, seed).map(Vec::from);
            NativeTensor::all(env, value::enqueue(device, "NativeModel.couple", getters(&values), &types, work)?)
        })
    }
}
