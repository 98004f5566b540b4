//! Runs a plan: walks its instructions, frees values after their last use.

use super::kernels::{along, arg_sort, binary, concat, conv, copy, cum_sum, index, matmul, pad, reduce, select, source, unary};
use super::plan::{Instruction, Operand, Plan, Work};
use crate::geometry::Map;
use crate::tensor::Tensor;
use crate::{EngineError, Result};
use std::sync::Arc;
use thalweg_graph::Type;
use thalweg_graph::ops::Op;

fn missing() -> EngineError {
    EngineError::internal("a plan reads a value that was freed")
}

/// The outputs for these inputs, whose types fit.
pub(crate) fn run(plan: &Plan, inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
    let mut slots: Vec<Option<Tensor>> = vec![None; plan.slots];
    for (place, input) in plan.inputs.iter().zip(inputs) {
        if let Some(place) = place {
            slots[*place] = Some(input);
        }
    }
    for instruction in &plan.instructions {
        step(plan, instruction, &mut slots)?;
    }
    plan.outputs.iter().map(|operand| fetch(plan, *operand, &mut slots)?.compact()).collect()
}

fn fetch(plan: &Plan, operand: Operand, slots: &mut [Option<Tensor>]) -> Result<Tensor> {
    match operand {
        Operand::Constant(index) => Ok(plan.constants[index].clone()),
        Operand::Slot { index, last: true } => slots[index].take().ok_or_else(missing),
        Operand::Slot { index, last: false } => slots[index].clone().ok_or_else(missing),
    }
}

fn step(plan: &Plan, instruction: &Instruction, slots: &mut [Option<Tensor>]) -> Result<()> {
    let operands = instruction.operands.iter().map(|o| fetch(plan, *o, slots)).collect::<Result<Vec<Tensor>>>()?;
    let value = match &instruction.work {
        Work::Op(op) => evaluate(op, operands, &instruction.ty, instruction.reuse)?,
        Work::TurnedMatMul => {
            let [a, b] = exactly(operands)?;
            matmul::turned(&a, &b)?
        }
        Work::Loop(scan) => {
            let wanted: Vec<bool> = instruction.results.iter().map(Option::is_some).collect();
            for (slot, value) in instruction.results.iter().zip(scan.run(operands, &wanted)?) {
                if let Some(slot) = slot {
                    slots[*slot] = value;
                }
            }
            return Ok(());
        }
    };
    if let [Some(slot)] = instruction.results[..] {
        slots[slot] = Some(value);
    }
    Ok(())
}

/// The value of `op`; `ty` is its type, `reuse` the operand whose buffer it may take over.
pub(crate) fn evaluate(op: &Op, operands: Vec<Tensor>, ty: &Arc<Type>, reuse: Option<usize>) -> Result<Tensor> {
    let ty = ty.clone();
    match (op, &operands[..]) {
        (Op::Unary(op), [x]) => unary::unary(*op, release(x.clone(), operands), reuse.is_some()),
        (Op::Binary(op), [_, _]) => {
            let [a, b] = exactly(operands)?;
            binary::binary(*op, a, b, reuse)
        }
        (Op::Select(_), [_, _, _]) => {
            let [condition, then, otherwise] = exactly(operands)?;
            select::select(&condition, then, otherwise, reuse)
        }
        (Op::Compare(op), [a, b]) => binary::compare(op.comparison, a, b, ty),
        (Op::Logical(op), [a, b]) => binary::logical(op.connective, a, b),
        (Op::IsFinite(_), [x]) => unary::is_finite(x, ty),
        (Op::Cast(_), [x]) => copy::cast(x, ty),
        (Op::StopGradient(_), [x]) => Ok(x.clone()),
        (Op::Reshape(_), [x]) => x.reshaped(ty),
        (Op::Broadcast(_), [x]) => x.broadcast(ty),
        (Op::Transpose(op), [x]) => x.permuted(&op.permutation, ty),
        (Op::Slice(op), [x]) if op.steps.iter().all(|&s| s == 1) => x.part(op, ty),
        (Op::Slice(op), [x]) => copy::slice(x, op, &ty),
        (Op::Flip(op), [x]) => copy::flip(x, op.axis),
        (Op::Pad(op), [x]) => pad::pad(x, op, ty),
        (Op::Concat(op), parts) => concat::concat(parts, op.axis, ty),
        (Op::Gather(op), [x, indices]) => index::gather(x, op.axis, indices, ty),
        (Op::ScatterAdd(op), [updates, indices]) => index::scatter_add(updates, op.axis, op.size, indices, ty),
        (Op::TakeAlong(op), [x, indices]) => along::take(x, op.axis, indices, ty),
        (Op::AddAlong(op), [updates, indices]) => along::add(updates, op.axis, op.size, indices, ty),
        (Op::ReduceSum(op), [x]) => reduce::reduce(reduce::Reduction::Sum, x, &op.axes, ty),
        (Op::ReduceMax(op), [x]) => reduce::reduce(reduce::Reduction::Max, x, &op.axes, ty),
        (Op::ArgMax(op), [x]) => reduce::arg_max(x, op.axis, ty),
        (Op::ArgSort(op), [x]) => arg_sort::arg_sort(x, op.axis, ty),
        (Op::CumSum(op), [x]) => cum_sum::cum_sum(x, op.axis, op.reverse),
        (Op::MatMul(_), [a, b]) => matmul::matmul(a, b, ty),
        (Op::Conv(op), [x, w]) => conv::conv(Map::Forward, &op.window, x, w, ty),
        (Op::ConvInputGrad(op), [g, w]) => conv::conv(Map::InputGrad, &op.window, g, w, ty),
        (Op::ConvWeightGrad(op), [x, g]) => conv::conv(Map::WeightGrad, &op.window, x, g, ty),
        (Op::Random(op), [seed, counter]) => source::random(op, seed, counter, ty),
        (op, _) => Err(EngineError::internal(format!("the reference executor cannot run {}", op.name()))),
    }
}

/// `x`, after the list that also held it is gone.
fn release(x: Tensor, operands: Vec<Tensor>) -> Tensor {
    drop(operands);
    x
}

fn exactly<const N: usize>(operands: Vec<Tensor>) -> Result<[Tensor; N]> {
    operands.try_into().map_err(|_| EngineError::internal("wrong number of operands"))
}
