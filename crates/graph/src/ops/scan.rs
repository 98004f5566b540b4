//! scan: the one control op, a loop with a static trip count.
//! Its tangent is a scan; its cotangent is a reverse scan over carries recomputed from √n checkpoints.

use super::{Jvp, Rule, Vjp, show};
use crate::{Builder, Graph, GraphError, Result, Type, Var, autodiff};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Longer scans are cut into segments before they are reversed, so that √n carries are kept instead of n.
const CHECKPOINT_FROM: usize = 16;

/// The body of a scan, compared by identity.
#[derive(Clone, Debug)]
pub struct Body(pub Arc<Graph>);

impl PartialEq for Body {
    fn eq(&self, other: &Body) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for Body {}
impl Hash for Body {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (Arc::as_ptr(&self.0) as usize).hash(state);
    }
}

/// `carry, y[i] = body(consts, carry, x[i])` for i = 0 … length − 1. Operands: `consts ++ carry ++ xs`; results: the last
/// `carry ++ ys`. Every `x` and `y` has a leading dimension of `length`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    /// One step.
    pub body: Body,
    /// Number of steps; 0 returns the initial carry and empty `ys`.
    pub length: usize,
    /// Number of leading operands that do not change.
    pub consts: usize,
    /// Number of carried values.
    pub carry: usize,
}

impl Scan {
    fn graph(&self) -> &Graph {
        &self.body.0
    }

    /// Types of the results: carries, then stacked outputs.
    pub fn result_types(&self) -> Vec<Type> {
        let mut types = self.graph().output_types();
        for ty in types.iter_mut().skip(self.carry) {
            ty.shape.insert(0, self.length);
        }
        types
    }

    /// Types of the operands that the body asks for.
    pub fn operand_types(&self) -> Vec<Type> {
        let mut types: Vec<Type> = self.graph().inputs.iter().map(|i| i.ty.clone()).collect();
        for ty in types.iter_mut().skip(self.consts + self.carry) {
            ty.shape.insert(0, self.length);
        }
        types
    }

    /// Tangents of the results.
    pub(crate) fn jvp_results<'g>(&self, inputs: &[Var<'g>], tangents: &[Option<Var<'g>>]) -> Vec<Option<Var<'g>>> {
        let types: Vec<Type> = self.graph().inputs.iter().map(|i| i.ty.clone()).collect();
        let floats: Vec<usize> = (0..types.len()).filter(|&i| types[i].dtype.is_float()).collect();
        let results = self.graph().output_types();
        let float_carry: Vec<usize> = (0..self.carry).filter(|&i| results[i].dtype.is_float()).collect();
        let float_ys: Vec<usize> = (self.carry..results.len()).filter(|&i| results[i].dtype.is_float()).collect();
        let part = |i: usize| if i < self.consts { 0 } else if i < self.consts + self.carry { 1 } else { 2 };

        let b = Builder::new();
        // Operand order of the new body: for each of consts, carry, xs: the values, then their tangents.
        let mut values: Vec<Option<Var>> = vec![None; types.len()];
        let mut dots: Vec<Option<Var>> = vec![None; types.len()];
        let mut outer = [Vec::new(), Vec::new(), Vec::new()];
        for (p, operands) in outer.iter_mut().enumerate() {
            for i in (0..types.len()).filter(|&i| part(i) == p) {
                values[i] = Some(b.input(&format!("v{i}"), types[i].dtype, &types[i].shape));
                operands.push(inputs[i]);
            }
            for &i in floats.iter().filter(|&&i| part(i) == p) {
                dots[i] = Some(b.input(&format!("d{i}"), types[i].dtype, &types[i].shape));
                operands.push(tangents[i].unwrap_or(inputs[i].constant(0.0)));
            }
        }
        let args: Vec<Var> = values.into_iter().flatten().collect();
        let outs = b.inline(self.graph(), &args);
        let wrt: Vec<Var> = floats.iter().map(|&i| args[i]).collect();
        let seeds: Vec<Var> = floats.iter().filter_map(|&i| dots[i]).collect();
        let tangent = autodiff::jvp(&outs, &wrt, &seeds);
        let dot = |i: usize| tangent[i].unwrap_or(outs[i].constant(0.0));
        let mut body_outs: Vec<Var> = outs[..self.carry].to_vec();
        body_outs.extend(float_carry.iter().map(|&i| dot(i)));
        body_outs.extend(float_ys.iter().map(|&i| dot(i)));
        let builder = inputs[0].builder();
        let body = match b.finish(&body_outs) {
            Ok(body) => Arc::new(body),
            Err(error) => return vec![Some(builder.fail(error)); results.len()],
        };
        let all = builder.scan(body, self.length, &outer[0], &outer[1], &outer[2]);
        let mut out = vec![None; results.len()];
        for (k, &i) in float_carry.iter().chain(&float_ys).enumerate() {
            out[i] = Some(all[self.carry + k]);
        }
        out
    }

    /// Cotangents of the operands, given those of the results.
    pub(crate) fn vjp_results<'g>(&self, inputs: &[Var<'g>], cotangents: &[Option<Var<'g>>]) -> Vec<Option<Var<'g>>> {
        if self.length > CHECKPOINT_FROM && self.carry > 0 {
            return self.vjp_checkpointed(inputs, cotangents);
        }
        let carries = self.saved_carries(inputs);
        match carries.and_then(|saved| self.reverse(inputs, &saved, cotangents)) {
            Ok(all) => all,
            Err(error) => vec![Some(inputs[0].builder().fail(error)); inputs.len()],
        }
    }

    /// The carry before each step; steps without one need no first walk.
    fn saved_carries<'g>(&self, inputs: &[Var<'g>]) -> Result<Vec<Var<'g>>> {
        if self.carry == 0 {
            return Ok(Vec::new());
        }
        let (consts, rest) = inputs.split_at(self.consts);
        let (carry, xs) = rest.split_at(self.carry);
        Ok(inputs[0].builder().scan(Arc::new(self.saving_body()?), self.length, consts, carry, xs).split_off(self.carry))
    }

    /// The body that also returns the carry it was given.
    fn saving_body(&self) -> Result<Graph> {
        let b = Builder::new();
        let args: Vec<Var> = self.graph().inputs.iter().map(|i| b.input(&i.name, i.ty.dtype, &i.ty.shape)).collect();
        let outs = b.inline(self.graph(), &args);
        let keep = [&outs[..self.carry], &args[self.consts..self.consts + self.carry]].concat();
        b.finish(&keep)
    }

    /// The reverse scan: walks the saved carries backwards, carrying the cotangents of carries and constants.
    fn reverse<'g>(&self, inputs: &[Var<'g>], saved: &[Var<'g>], cotangents: &[Option<Var<'g>>]) -> Result<Vec<Option<Var<'g>>>> {
        let types: Vec<Type> = self.graph().inputs.iter().map(|i| i.ty.clone()).collect();
        let results = self.graph().output_types();
        let xs_at = self.consts + self.carry;
        let float = |range: std::ops::Range<usize>| range.filter(|&i| types[i].dtype.is_float()).collect::<Vec<_>>();
        let (consts, carries, xs) = (float(0..self.consts), float(self.consts..xs_at), float(xs_at..types.len()));
        let ys: Vec<usize> = (self.carry..results.len()).filter(|&i| cotangents[i].is_some()).collect();

        let b = Builder::new();
        let fixed: Vec<Var> = (0..self.consts).map(|i| b.input(&format!("c{i}"), types[i].dtype, &types[i].shape)).collect();
        let zero_like = |name: char, i: &usize| b.input(&format!("{name}{i}"), types[*i].dtype, &types[*i].shape);
        let carry_bar: Vec<Var> = carries.iter().map(|i| zero_like('a', i)).collect();
        let const_bar: Vec<Var> = consts.iter().map(|i| zero_like('b', i)).collect();
        let carry_in: Vec<Var> = (self.consts..xs_at).map(|i| b.input(&format!("s{i}"), types[i].dtype, &types[i].shape)).collect();
        let x_in: Vec<Var> = (xs_at..types.len()).map(|i| b.input(&format!("x{i}"), types[i].dtype, &types[i].shape)).collect();
        let y_bar: Vec<Var> = ys.iter().map(|i| b.input(&format!("y{i}"), results[*i].dtype, &results[*i].shape)).collect();
        let args = [fixed, carry_in, x_in].concat();
        let outs = b.inline(self.graph(), &args);
        let mut bars: Vec<Option<Var>> = vec![None; outs.len()];
        for (bar, &i) in carry_bar.iter().zip(&carries) {
            bars[i - self.consts] = Some(*bar);
        }
        for (bar, &i) in y_bar.iter().zip(&ys) {
            bars[i] = Some(*bar);
        }
        let wrt: Vec<Var> = carries.iter().chain(&consts).chain(&xs).map(|&i| args[i]).collect();
        let grads = autodiff::vjp(&outs, &bars, &wrt);
        let or_zero = |g: Option<Var<'_>>, like: Var<'_>| g.map(|g| g.id()).unwrap_or(like.constant(0.0).id());
        let (nc, nk) = (carries.len(), consts.len());
        let mut body_outs: Vec<Var> = (0..nc).map(|k| b.var(or_zero(grads[k], wrt[k]))).collect();
        body_outs.extend((0..nk).map(|k| grads[nc + k].map_or(const_bar[k], |g| const_bar[k] + g)));
        body_outs.extend((0..xs.len()).map(|k| b.var(or_zero(grads[nc + nk + k], wrt[nc + nk + k]))));
        let body = Arc::new(b.finish(&body_outs)?);

        let builder = inputs[0].builder();
        let mut start: Vec<Var> = carries.iter().map(|&i| cotangents[i - self.consts].unwrap_or(inputs[i].constant(0.0))).collect();
        start.extend(consts.iter().map(|&i| inputs[i].constant(0.0)));
        let walked: Vec<Var> = saved.iter().copied().chain(inputs[xs_at..].iter().copied()).chain(ys.iter().filter_map(|&i| cotangents[i])).map(|v| v.flip(0)).collect();
        let all = builder.scan(body, self.length, &inputs[..self.consts], &start, &walked);
        let mut out = vec![None; inputs.len()];
        for (k, &i) in carries.iter().chain(&consts).enumerate() {
            out[i] = Some(all[k]);
        }
        for (k, &i) in xs.iter().enumerate() {
            out[i] = Some(all[nc + nk + k].flip(0));
        }
        Ok(out)
    }

    /// The same scan as a scan over ⌊n/k⌋ segments of k ≈ √n steps and one shorter scan: reversing it keeps one carry per
    /// segment and recomputes the others, segment by segment.
    fn vjp_checkpointed<'g>(&self, inputs: &[Var<'g>], cotangents: &[Option<Var<'g>>]) -> Vec<Option<Var<'g>>> {
        let builder = inputs[0].builder();
        let segment = (self.length as f64).sqrt().ceil() as usize;
        let (count, covered) = (self.length / segment, self.length / segment * segment);
        let inner = Scan { length: segment, ..self.clone() };
        let outer_body = {
            let b = Builder::new();
            let args: Vec<Var> = inner.operand_types().iter().enumerate().map(|(i, t)| b.input(&format!("i{i}"), t.dtype, &t.shape)).collect();
            let (c, k) = (self.consts, self.consts + self.carry);
            let outs = b.scan(self.body.0.clone(), segment, &args[..c], &args[c..k], &args[k..]);
            b.finish(&outs)
        };
        let outer = match outer_body {
            Ok(body) => Scan { body: Body(Arc::new(body)), length: count, consts: self.consts, carry: self.carry },
            Err(error) => return vec![Some(builder.fail(error)); inputs.len()],
        };
        let rest = Scan { length: self.length - covered, ..self.clone() };
        let xs_at = self.consts + self.carry;
        let segmented = |v: &Var<'g>| {
            let shape = v.shape();
            v.narrow(0, 0, covered).reshape(&[&[count, segment], &shape[1..]].concat())
        };
        let tail = |v: &Var<'g>| v.narrow(0, covered, rest.length);
        let head_in: Vec<Var> = inputs[..xs_at].iter().copied().chain(inputs[xs_at..].iter().map(segmented)).collect();
        let head_out = builder.scan(outer.body.0.clone(), count, &head_in[..self.consts], &head_in[self.consts..xs_at], &head_in[xs_at..]);
        let tail_in: Vec<Var> = inputs[..self.consts].iter().copied().chain(head_out[..self.carry].iter().copied()).chain(inputs[xs_at..].iter().map(tail)).collect();
        let split = |f: &dyn Fn(&Var<'g>) -> Var<'g>| -> Vec<Option<Var<'g>>> { cotangents[self.carry..].iter().map(|c| c.as_ref().map(f)).collect() };
        let tail_bars = [&cotangents[..self.carry], &split(&tail)].concat();
        let from_tail = if rest.length > 0 { rest.vjp_results(&tail_in, &tail_bars) } else { [vec![None; self.consts], cotangents[..self.carry].to_vec(), vec![None; inputs.len() - xs_at]].concat() };
        let head_bars = [&from_tail[self.consts..xs_at], &split(&segmented)].concat();
        let from_head = outer.vjp_results(&head_in, &head_bars);
        (0..inputs.len())
            .map(|i| match i {
                i if i < self.consts => match (from_head[i], from_tail[i]) {
                    (Some(a), Some(b)) => Some(a + b),
                    (a, b) => a.or(b),
                },
                i if i < xs_at => from_head[i],
                i => from_head[i].map(|head| {
                    let shape = inputs[i].shape();
                    let flat = head.reshape(&[&[covered], &shape[1..]].concat());
                    if rest.length == 0 { flat } else { Var::concat(&[flat, from_tail[i].unwrap_or(tail(&inputs[i]).constant(0.0))], 0) }
                }),
            })
            .collect()
    }
}

impl Rule for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let wanted = self.operand_types();
        if inputs != wanted {
            return Err(GraphError::shape("scan", "operands do not fit the body", show(&wanted), show(inputs)));
        }
        let carries: Vec<Type> = self.graph().inputs[self.consts..self.consts + self.carry].iter().map(|i| i.ty.clone()).collect();
        let outs = self.graph().output_types();
        if outs.len() < self.carry || outs[..self.carry] != carries[..] {
            return Err(GraphError::shape("scan", "the body changes the type of its carry", show(&carries), show(&outs)));
        }
        self.result_types().first().cloned().ok_or_else(|| GraphError::trace("scan", "no results", "a carry or an output", "none"))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        // A scan has several results; differentiation gives their cotangents to `vjp_results`.
        vec![None; ctx.inputs.len()]
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
}
