//! Recording a graph from JavaScript: each op is checked when it is recorded, and named by the part of the model it is in.
//! Nothing is computed, differentiated or compiled here.

use std::cell::RefCell;

use napi::bindgen_prelude::{Array, ClassInstance, Unknown};
use napi_derive::napi;
use thalweg_model::graph::Type;

use crate::args;
use crate::bytes;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::graph::NativeGraph;
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::plan::attributes;
use crate::recording::{Captured, Recording};
use crate::trace::Kind;
use crate::view::with_bytes;

/// A value of a graph that is being recorded.
#[napi(object)]
pub struct TracedValue {
    /// Its number, which no value of another recording has.
    pub id: f64,
    /// Element type.
    pub dtype: String,
    /// Sizes of its dimensions.
    pub shape: Vec<f64>,
}

/// A graph that is being recorded.
#[napi]
pub struct NativeTrace {
    recording: RefCell<Recording>,
}

impl NativeTrace {
    /// Changes the recording; an error is told with the part of the model that is being recorded.
    fn record<R>(&self, change: impl FnOnce(&mut Recording) -> Result<R, ThalwegError>) -> Result<R, ThalwegError> {
        let mut recording = self.recording.borrow_mut();
        change(&mut recording).map_err(|error| recording.at_scope(error))
    }

    /// Records one value.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn one(&self, change: impl FnOnce(&mut Recording) -> Result<usize, ThalwegError>) -> Result<TracedValue, ThalwegError> {
        self.record(|recording| {
            let number = change(recording)?;
            described(recording, number)
        })
    }

    /// Records several values.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn several(
        &self,
        change: impl FnOnce(&mut Recording) -> Result<Vec<usize>, ThalwegError>,
    ) -> Result<Vec<TracedValue>, ThalwegError> {
        self.record(|recording| {
            let numbers = change(recording)?;
            numbers.into_iter().map(|number| described(recording, number)).collect()
        })
    }
}

fn described(recording: &mut Recording, number: usize) -> Result<TracedValue, ThalwegError> {
    let Type { dtype, shape } = recording.tape()?.ty(number);
    Ok(TracedValue { id: recording.id(number), dtype: dtype.name().into(), shape: args::sizes(&shape) })
}

fn type_of(dtype: &str, shape: &Array<'_>) -> Result<Type, ThalwegError> {
    let dtype = args::dtype(dtype)?;
    Ok(Type::new(dtype, args::shape(shape)?))
}

#[napi]
impl NativeTrace {
    /// Starts a recording; in mode `train` dropout drops, in mode `sample` it does not.
    #[napi(constructor)]
    pub fn new(#[napi(ts_arg_type = "\"train\" | \"sample\"")] mode: String) -> napi::Result<Self> {
        guard("NativeTrace", || {
            let training = match mode.as_str() {
                "train" => true,
                "sample" => false,
                other => {
                    let got = args::quoted(other);
                    return Err(ThalwegError::expected(ErrorCode::TraceError, "mode", "\"train\" or \"sample\"", got));
                }
            };
            Ok(NativeTrace { recording: RefCell::new(Recording::new(training)) })
        })
    }

    /// Declares an input that each run is given.
    #[napi]
    pub fn input(&self, name: String, dtype: String, #[napi(ts_arg_type = "number[]")] shape: Array<'_>) -> napi::Result<TracedValue> {
        guard("NativeTrace.input", || {
            let ty = type_of(&dtype, &shape)?;
            self.one(|recording| Ok(recording.tape()?.input(&name, &ty, Kind::Given)?))
        })
    }

    /// Takes a concrete tensor as an input, by reference. The same tensor is one input.
    #[napi]
    pub fn capture(&self, tensor: ClassInstance<'_, NativeTensor>) -> napi::Result<TracedValue> {
        guard("NativeTrace.capture", || {
            let (value, share) = tensor.shared()?;
            self.one(|recording| recording.capture(Captured { value, share }))
        })
    }

    /// A constant tensor.
    #[napi]
    pub fn constant(&self, value: f64, dtype: String, #[napi(ts_arg_type = "number[]")] shape: Array<'_>) -> napi::Result<TracedValue> {
        guard("NativeTrace.constant", || {
            let ty = type_of(&dtype, &shape)?;
            self.one(|recording| Ok(recording.tape()?.constant(value, &ty)))
        })
    }

    /// A constant tensor of the elements of a typed array, given as a view of its bytes (bf16 as f32). Meant for few: they become
    /// part of the graph.
    #[napi]
    pub fn literal(
        &self,
        #[napi(ts_arg_type = "Uint8Array")] data: Unknown<'_>,
        dtype: String,
        #[napi(ts_arg_type = "number[]")] shape: Array<'_>,
    ) -> napi::Result<TracedValue> {
        guard("NativeTrace.literal", || {
            let ty = type_of(&dtype, &shape)?;
            let literal = with_bytes(&data, |given| {
                bytes::check(&ty, given.len())?;
                Ok(bytes::literal(given, ty.clone()))
            })?;
            self.one(|recording| Ok(recording.tape()?.literal(literal)))
        })
    }

    /// Records the method `op` with arguments `attrs` (JSON); throws where shapes or element types do not fit.
    #[napi]
    pub fn op(&self, op: String, attrs: String, #[napi(ts_arg_type = "number[]")] inputs: Array<'_>) -> napi::Result<Vec<TracedValue>> {
        guard("NativeTrace.op", || {
            let ids = args::ids(&inputs, args::OPERANDS)?;
            let attrs = attributes(&op, &attrs)?;
            self.several(|recording| {
                let numbers = recording.numbers(&ids)?;
                Ok(recording.tape()?.op(&op, &attrs, &numbers)?)
            })
        })
    }

    /// Names the part of the model that the next ops belong to, for errors.
    #[napi]
    pub fn enter(&self, scope: String) -> napi::Result<()> {
        guard("NativeTrace.enter", || {
            self.recording.borrow_mut().enter(scope);
            Ok(())
        })
    }

    /// Ends the part that was entered last.
    #[napi]
    pub fn exit(&self) -> napi::Result<()> {
        guard("NativeTrace.exit", || {
            let nothing = || ThalwegError::new(ErrorCode::TraceError, "exit without enter");
            if self.recording.borrow_mut().exit() { Ok(()) } else { Err(nothing()) }
        })
    }

    /// The gradient of a float scalar with respect to each of `wrt` (zeros where it does not depend on it).
    #[napi]
    pub fn grad(&self, output: f64, #[napi(ts_arg_type = "number[]")] wrt: Array<'_>) -> napi::Result<Vec<TracedValue>> {
        guard("NativeTrace.grad", || {
            let wrt = args::ids(&wrt, args::VALUES)?;
            self.several(|recording| {
                let (output, wrt) = (recording.number(output)?, recording.numbers(&wrt)?);
                Ok(recording.tape()?.grad(output, &wrt)?)
            })
        })
    }

    /// The directional derivative of each output where each of `wrt` moves along its tangent.
    #[napi]
    pub fn jvp(
        &self,
        #[napi(ts_arg_type = "number[]")] outputs: Array<'_>,
        #[napi(ts_arg_type = "number[]")] wrt: Array<'_>,
        #[napi(ts_arg_type = "number[]")] tangents: Array<'_>,
    ) -> napi::Result<Vec<TracedValue>> {
        guard("NativeTrace.jvp", || {
            let (outputs, wrt, tangents) =
                (args::ids(&outputs, args::VALUES)?, args::ids(&wrt, args::VALUES)?, args::ids(&tangents, args::VALUES)?);
            self.several(|recording| {
                let (outputs, wrt, tangents) = (recording.numbers(&outputs)?, recording.numbers(&wrt)?, recording.numbers(&tangents)?);
                Ok(recording.tape()?.jvp(&outputs, &wrt, &tangents)?)
            })
        })
    }

    /// Ends the recording with the values that the graph returns.
    #[napi]
    pub fn finish(&self, #[napi(ts_arg_type = "number[]")] outputs: Array<'_>) -> napi::Result<NativeGraph> {
        guard("NativeTrace.finish", || {
            let ids = args::ids(&outputs, args::VALUES)?;
            self.record(|recording| recording.finish(&ids)).map(NativeGraph::new)
        })
    }
}
