//! select: elementwise choice between two tensors, in place where one of them is not needed any more.

use super::parallel::chunks;
use super::strided::Operand;
use crate::Result;
use crate::tensor::Tensor;
use crate::tensor::element::{Element, with_element};
use crate::tensor::pool;

/// `then` where `condition`, else `otherwise`; the result takes over the buffer of operand `reuse` (1 or 2) if nothing else
/// holds it.
pub(crate) fn select(condition: &Tensor, then: Tensor, otherwise: Tensor, reuse: Option<usize>) -> Result<Tensor> {
    with_element!(then.ty().dtype, T => choose::<T>(condition, then, otherwise, reuse))
}

fn choose<T: Element>(condition: &Tensor, then: Tensor, otherwise: Tensor, reuse: Option<usize>) -> Result<Tensor> {
    match reuse {
        Some(1) if then.may_overwrite() => {
            overwrite::<T>(condition, &then, &otherwise, false)?;
            Ok(then)
        }
        Some(2) if otherwise.may_overwrite() => {
            overwrite::<T>(condition, &otherwise, &then, true)?;
            Ok(otherwise)
        }
        _ => fresh::<T>(condition, &then, &otherwise),
    }
}

/// `target = source` where the condition is `when`.
fn overwrite<T: Element>(condition: &Tensor, target: &Tensor, source: &Tensor, when: bool) -> Result<()> {
    let (read_c, read_s) = (condition.read(), source.read());
    let (truth, values) = (Operand::<u8>::of(&read_c)?, Operand::<T>::of(&read_s)?);
    target.edit::<T, ()>(|out| {
        chunks(
            out,
            || (truth.scratch(), values.scratch()),
            |(sc, sv), start, chunk| {
                let (c, v) = (truth.get(start, chunk.len(), sc), values.get(start, chunk.len(), sv));
                for ((o, c), v) in chunk.iter_mut().zip(c).zip(v) {
                    *o = if (*c != 0) == when { *v } else { *o };
                }
            },
        );
    })
}

fn fresh<T: Element>(condition: &Tensor, then: &Tensor, otherwise: &Tensor) -> Result<Tensor> {
    let (read_c, read_a, read_b) = (condition.read(), then.read(), otherwise.read());
    let truth = Operand::<u8>::of(&read_c)?;
    let (left, right) = (Operand::<T>::of(&read_a)?, Operand::<T>::of(&read_b)?);
    let mut out = pool::buffer::<T>(then.ty().count());
    chunks(
        &mut out,
        || (truth.scratch(), left.scratch(), right.scratch()),
        |(sc, sa, sb), start, chunk| {
            let n = chunk.len();
            let (c, a, b) = (truth.get(start, n, sc), left.get(start, n, sa), right.get(start, n, sb));
            for (((o, c), a), b) in chunk.iter_mut().zip(c).zip(a).zip(b) {
                *o = if *c != 0 { *a } else { *b };
            }
        },
    );
    Tensor::own(out, then.shared_type())
}
